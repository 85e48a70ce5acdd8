//! Who may send messages.

use crowd_cli::network::IpNet;
use std::net::IpAddr;

/// The networks that are let in when the server listens beyond this machine and nothing else was said: private and
/// link-local ones (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
const PRIVATE: [&str; 6] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

/// The senders that are let in. This machine always is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    networks: Vec<IpNet>,
}

impl Allow {
    /// Lets in `networks`; with none given, the private networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        if networks.is_empty() {
            Self { networks: PRIVATE.iter().filter_map(|n| n.parse().ok()).collect() }
        } else {
            Self { networks }
        }
    }

    /// Whether a message from `sender` is let in.
    #[must_use]
    pub fn permits(&self, sender: IpAddr) -> bool {
        let sender = sender.to_canonical();
        sender.is_loopback() || self.networks.iter().any(|network| network.contains(&sender))
    }

    /// The networks, for the line at start-up.
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
        Allow::new(networks.iter().map(|n| parse(n).unwrap()).collect()).permits(sender.parse().unwrap())
    }

    #[test]
    fn only_named_networks_and_this_machine_are_let_in() {
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
    fn unsaid_means_private_networks() {
        for sender in ["10.1.2.3", "172.20.0.1", "192.168.0.9", "169.254.3.4", "fe80::1", "fd00::1"] {
            assert!(permits(&[], sender), "{sender}");
        }
        for sender in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!permits(&[], sender), "{sender}");
        }
    }
}
