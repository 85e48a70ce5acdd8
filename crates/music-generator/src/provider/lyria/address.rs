//! Where the service is.

use std::net::IpAddr;

use crate::provider::ProviderError;

/// The path of the service.
const PATH: &str = "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic";

/// Where the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// A name, or an IP address without brackets.
    pub host: String,
    pub port: u16,
    /// Whether the connection is encrypted.
    pub is_secure: bool,
    /// The path of the request.
    pub path: String,
}

impl Address {
    /// From a base URL: `https://` or `wss://`, and `http://` or `ws://` without encryption.
    ///
    /// # Errors
    /// [`ProviderError::Address`].
    pub fn new(url: &str, allow_plain: bool) -> Result<Self, ProviderError> {
        // A query and a user name may contain a secret.
        let shown = if url.contains(['?', '#', '@']) { "(not shown)" } else { url };
        let wrong = |reason| ProviderError::Address { address: shown.to_owned(), reason };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("it does not begin with https://"))?;
        let (is_secure, usual_port) = match scheme.to_ascii_lowercase().as_str() {
            "https" | "wss" => (true, 443),
            "http" | "ws" => (false, 80),
            _ => return Err(wrong("it does not begin with https://, wss://, http:// or ws://")),
        };
        if rest.contains(['?', '#', '@']) {
            return Err(wrong("a user name, a query and a fragment are not allowed: the key goes into a header"));
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("only visible ASCII characters are allowed"));
        }
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port_at = match (authority.rfind(':'), authority.rfind(']')) {
            (Some(colon), Some(bracket)) if colon < bracket => None,
            (colon, _) => colon,
        };
        let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
        let port = match port.strip_prefix(':') {
            None => usual_port,
            Some(port) => match port.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(wrong("its port is not a number from 1 to 65535")),
            },
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || host.contains(['[', ']']) {
            return Err(wrong("its host is not a name or an address"));
        }
        if !is_secure && !allow_plain && !is_this_machine(host) {
            return Err(wrong("the key would be sent without encryption: use https://"));
        }
        let path = format!("{}{PATH}", prefix.trim_end_matches('/'));
        Ok(Self { host: host.to_owned(), port, is_secure, path })
    }

    /// The value of the header `Host`.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.is_secure { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_give_one_path_with_single_slashes() {
        for (url, authority, prefix) in [
            ("https://generativelanguage.googleapis.com", "generativelanguage.googleapis.com", ""),
            ("wss://example.org/", "example.org", ""),
            ("https://example.org:443//", "example.org", ""),
            ("HTTPS://example.org:8443/lyria/", "example.org:8443", "/lyria"),
            ("http://127.0.0.1:7000", "127.0.0.1:7000", ""),
            ("ws://[::1]", "[::1]", ""),
            ("ws://[::1]:7000/", "[::1]:7000", ""),
            ("ws://localhost:80", "localhost", ""),
        ] {
            let address = Address::new(url, false).unwrap();
            assert_eq!((address.authority(), address.path), (authority.to_owned(), format!("{prefix}{PATH}")), "{url}");
        }
        assert!(Address::new("http://example.org", true).is_ok());
    }

    #[test]
    fn other_urls_are_refused_without_their_secrets() {
        for url in [
            "example.org",
            "ftp://example.org",
            "https://",
            "https://:443",
            "https://example.org:0",
            "https://example.org:x",
            "https://example.org/a b",
            "https://example.org/?key=hunter2",
            "https://hunter2@example.org",
            "http://example.org",
            "ws://10.0.0.1:7000",
        ] {
            let error = Address::new(url, false).unwrap_err();
            assert_eq!(error.name(), "address", "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
