//! The client of HTTP that publishers use.

use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

/// The time that finding and connecting to the server may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// The time that one request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// A client whose requests take 10 s at most. It keeps connections, and checks certificates with those of the system.
pub(super) fn http_agent() -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_age(Duration::from_secs(60))
        .timeout_resolve(Some(CONNECTING))
        .timeout_connect(Some(CONNECTING))
        .timeout_global(Some(REQUEST))
        .user_agent(concat!("crowd-radio/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::new_with_config(config)
}

/// The error without a URL.
pub(super) fn describe(error: &Error) -> String {
    match error {
        Error::Timeout(_) => format!("the server did not take it within {} s", REQUEST.as_secs()),
        Error::HostNotFound => "the name of the server is not found".to_owned(),
        Error::Io(error) => format!("the connection failed: {error}"),
        Error::ConnectionFailed => "there is no connection to the server".to_owned(),
        Error::Rustls(error) => format!("TLS: {error}"),
        Error::Protocol(_) => "the server does not reply as an HTTP server does, or closed the connection".to_owned(),
        _ => "the request cannot be sent".to_owned(),
    }
}
