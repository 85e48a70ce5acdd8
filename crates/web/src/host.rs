//! The host that a request is for (RFC 9112, section 3.2).
//!
//! Another site may let its own name resolve to this machine (DNS rebinding). The browser then takes a server on this machine for a
//! part of that site, and its pages can read the responses. The `Host` of such requests is the name of the other site. So a server
//! that listens on a loopback address without a token serves only requests for the names of this machine.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// The hosts that requests may be for.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Whether any host is allowed. If not, the names of this machine and the hosts in `named` are allowed.
    any: bool,
    named: Vec<String>,
}

impl Hosts {
    /// Any host.
    pub const ANY: Self = Self { any: true, named: Vec::new() };

    /// `localhost`, names that end in `.localhost`, loopback addresses, and `named`.
    pub fn of_this_machine(named: &[String]) -> Self {
        Self { any: false, named: named.to_vec() }
    }

    fn has(&self, host: &str) -> bool {
        // A name may end with the dot of the root domain.
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        self.any
            || address.is_ok_and(|address| address.is_loopback())
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.named.iter().any(|named| named.eq_ignore_ascii_case(&host))
    }
}

/// Refuses requests for other hosts; for [`axum::middleware::from_fn_with_state`]. A request without a host, or with two, is
/// answered with status 400, a request for another host with 421.
pub async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    match host(&request) {
        Err(problem) => problem.into_response(),
        Ok(Some(host)) if !hosts.has(host.host()) => {
            let name = host.host().escape_debug();
            let text = format!(
                "Host: {name} is not served here: request localhost, or start the server with --allow-host {name}"
            );
            Problem::new(StatusCode::MISDIRECTED_REQUEST, text).into_response()
        }
        Ok(_) => next.run(request).await,
    }
}

/// The host of a request. HTTP/1.0 does not require one, and no browser uses HTTP/1.0.
fn host(request: &Request) -> Result<Option<Authority>, Problem> {
    let mut fields = request.headers().get_all(header::HOST).iter();
    let host = match (fields.next(), fields.next()) {
        (Some(host), None) => host,
        (None, _) if request.version() == Version::HTTP_10 => return Ok(None),
        (None, _) => return Err(Problem::bad("Host: it is missing, and HTTP/1.1 requires it")),
        (Some(_), Some(_)) => return Err(Problem::bad("Host: it comes twice, give it once")),
    };
    if let Some(authority) = request.uri().authority() {
        return Ok(Some(authority.clone()));
    }
    let no_host = || Problem::bad(format!("Host: {host:?} is no host"));
    let authority = Authority::try_from(host.as_bytes()).map_err(|_| no_host())?;
    // A user name and a password are not allowed in it.
    if authority.as_str().contains('@') { Err(no_host()) } else { Ok(Some(authority)) }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn of(fields: &[&'static str], version: Version) -> Result<Option<String>, ()> {
        let mut request = Request::builder().uri("/").version(version);
        for field in fields {
            request = request.header(header::HOST, *field);
        }
        let parsed = host(&request.body(Body::empty()).unwrap());
        parsed.map(|host| host.map(|host| host.host().to_owned())).map_err(drop)
    }

    #[test]
    fn a_request_names_one_host() {
        assert_eq!(of(&["music.example:8080"], Version::HTTP_11), Ok(Some("music.example".to_owned())));
        assert_eq!(of(&["[::1]:80"], Version::HTTP_11), Ok(Some("[::1]".to_owned())));
        assert_eq!(of(&[], Version::HTTP_10), Ok(None));
        for wrong in [&[][..], &["a", "a"], &[""], &["a b"], &["a/b"], &["user@a"]] {
            assert_eq!(of(wrong, Version::HTTP_11), Err(()), "{wrong:?}");
        }
    }

    #[test]
    fn a_server_for_this_machine_answers_to_its_names_only() {
        let hosts = Hosts::of_this_machine(&["music.example".to_owned()]);
        for own in ["localhost", "LOCALHOST.", "app.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "Music.Example"] {
            assert!(hosts.has(own), "{own}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "xlocalhost", ""]
        {
            assert!(!hosts.has(other), "{other}");
            assert!(Hosts::ANY.has(other));
        }
    }
}
