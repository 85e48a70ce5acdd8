//! Networks on a command line.

use std::net::IpAddr;

pub use ipnet::IpNet;

/// Parses a network like `192.168.1.0/24`, or an address for only that host.
///
/// # Errors
/// A text with the expected form of a network.
pub fn parse(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text:?} is not a network: write 192.168.1.0/24, or one address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_or_an_address_is_parsed_and_anything_else_is_an_error_with_advice() {
        assert_eq!(parse("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(parse("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(parse("2001:db8::1").unwrap().to_string(), "2001:db8::1/128");
        for text in ["", "lan", "10.0.0.0/33", "10.0.0", "::1/129", "proxy.example", "10.0.0.1:80"] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(&format!("{text:?}")) && error.contains("write 192.168.1.0/24"), "{error}");
        }
    }
}
