//! The client that a request comes from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use crowd_cli::network::IpNet;

/// The network bits of an IPv6 address. Providers give at least a /64 to each customer.
const NETWORK: u128 = !0 << 64;

/// One client as a server can distinguish it: an IPv4 address or an IPv6 /64. Every request has it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
            address => address,
        })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

/// The proxies whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// The proxies with an address in `networks`.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether an address is that of a proxy.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request that came from `peer`: `peer` itself, or when that is a proxy, the last address of
    /// `X-Forwarded-For` that is not one of the proxies. The addresses before that one may be forged by the client.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut client = peer;
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let mut forwarded = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')).map(address);
        while self.trust(client)
            && let Some(Some(before)) = forwarded.next()
        {
            client = before;
        }
        client.into()
    }
}

/// Parses an address. Some proxies write it with the port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn an_ipv6_network_and_both_spellings_of_an_ipv4_address_are_one_client() {
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:10.0.0.1"), client("10.0.0.1"));
        assert_ne!(client("10.0.0.1"), client("10.0.0.2"));
        assert_eq!(client("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn only_the_address_that_a_trusted_proxy_added_itself_is_used() {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|text| text.parse().unwrap());
        let proxies = Proxies::new(networks.to_vec());
        let of = |peer: &str, lines: &[&str]| {
            let headers = lines.iter().map(|line| ("x-forwarded-for".parse().unwrap(), line.parse().unwrap()));
            proxies.client(peer.parse().unwrap(), &headers.collect())
        };
        let peer = "10.0.0.1";
        assert_eq!(of("192.0.2.1", &["198.51.100.7"]), client("192.0.2.1"), "it is no trusted proxy");
        assert_eq!(of(peer, &["198.51.100.7"]), client("198.51.100.7"));
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.7"]), client("198.51.100.7"));
        assert_eq!(
            of(peer, &["203.0.113.5, 198.51.100.7"]),
            client("198.51.100.7"),
            "the address before it may be forged"
        );
        assert_eq!(of(peer, &["203.0.113.5", "198.51.100.7, 10.2.3.4,2001:db8::1"]), client("198.51.100.7"));
        assert_eq!(of(peer, &["198.51.100.7:1234"]), client("198.51.100.7"));
        assert_eq!(of(peer, &["[2001:db9::7]:1234"]), client("2001:db9::7"));
        assert_eq!(of(peer, &["[2001:db9::7]"]), client("2001:db9::7"));
        assert_eq!(of(peer, &["198.51.100.7, unknown"]), client(peer), "the last element is no address");
        assert_eq!(of(peer, &[]), client(peer));
        assert_eq!(of(peer, &["10.9.9.9"]), client("10.9.9.9"));
    }
}
