//! The networks whose messages are accepted.

use crowd_cli::network::IpNet;
use std::net::IpAddr;

/// The networks that are accepted when other machines can reach the server and no `--allow` is given: private and
/// link-local ones (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
const PRIVATE_NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

/// The networks whose messages are accepted. This machine is always accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSenders {
    networks: Vec<IpNet>,
}

impl AllowedSenders {
    /// Accepts `networks`. If there are none, the private networks are accepted.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        if networks.is_empty() {
            Self { networks: PRIVATE_NETWORKS.iter().filter_map(|n| n.parse().ok()).collect() }
        } else {
            Self { networks }
        }
    }

    /// Whether messages from `sender` are accepted.
    #[must_use]
    pub fn permits(&self, sender: IpAddr) -> bool {
        let sender = sender.to_canonical();
        sender.is_loopback() || self.networks.iter().any(|network| network.contains(&sender))
    }

    /// The networks.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        &self.networks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_cli::network::parse;

    fn permits(networks: &[&str], sender: &str) -> bool {
        AllowedSenders::new(networks.iter().map(|n| parse(n).unwrap()).collect()).permits(sender.parse().unwrap())
    }

    #[test]
    fn only_the_given_networks_and_this_machine_are_accepted() {
        assert!(permits(&["192.168.1.0/24"], "192.168.1.77"));
        assert!(permits(&["192.168.1.0/24"], "::ffff:192.168.1.77"));
        assert!(permits(&["192.168.1.0/24"], "127.0.0.1"));
        assert!(permits(&["192.168.1.0/24"], "::1"));
        assert!(permits(&["192.168.1.5"], "192.168.1.5"));
        assert!(!permits(&["192.168.1.5"], "192.168.1.6"));
        assert!(!permits(&["192.168.1.0/24"], "192.168.2.1"));
        assert!(permits(&["0.0.0.0/0"], "8.8.8.8"));
    }

    #[test]
    fn without_networks_the_private_ones_are_accepted() {
        for sender in ["10.1.2.3", "172.20.0.1", "192.168.0.9", "169.254.3.4", "fe80::1", "fd00::1"] {
            assert!(permits(&[], sender), "{sender}");
        }
        for sender in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!permits(&[], sender), "{sender}");
        }
    }
}
