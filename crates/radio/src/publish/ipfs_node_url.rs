//! `http://HOST:PORT` of the RPC of an IPFS node.

use std::fmt;
use std::str::FromStr;

/// The address of the RPC of an IPFS node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpfsNodeUrl(String);

impl FromStr for IpfsNodeUrl {
    type Err = String;

    /// # Errors
    /// A text with advice, without the URL.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let base = text.trim_end_matches('/');
        if base.contains('@') {
            let advice = "every user of this machine can see a password there, so it is not possible: use an address that needs none";
            return Err(format!("it contains a user or a password; {advice}, or a tunnel"));
        }
        let parsed = base.parse::<ureq::http::Uri>().ok();
        let fine = parsed.filter(|url| {
            matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty())
        });
        match fine {
            Some(url) if url.path() == "/" && url.query().is_none() && !base.contains('#') => Ok(Self(base.to_owned())),
            _ => Err("give the address of the RPC of the node, like http://127.0.0.1:5001".to_owned()),
        }
    }
}

impl fmt::Display for IpfsNodeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IpfsNodeUrl {
    /// The URL of a path.
    pub(super) fn of(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_is_accepted() {
        for text in ["http://127.0.0.1:5001", "http://127.0.0.1:5001/", "https://[::1]:5001"] {
            let url: IpfsNodeUrl = text.parse().unwrap();
            assert_eq!(url.of("/api"), format!("{}/api", text.trim_end_matches('/')));
        }
        for text in ["", "5001", "ftp://a", "http://", "http://a/api/v0", "http://a?b", "/ip4/127.0.0.1/tcp/5001"] {
            assert!(text.parse::<IpfsNodeUrl>().unwrap_err().contains("http://127.0.0.1:5001"), "{text}");
        }
        let error = "http://u:SECRET@a".parse::<IpfsNodeUrl>().unwrap_err();
        assert!(error.contains("password") && !error.contains("SECRET"));
    }
}
