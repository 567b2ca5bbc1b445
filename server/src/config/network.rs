//! Networks in settings: `10.0.0.0/8`, or a single address.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A network in CIDR notation. A single address is a network of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether the network contains an address. IPv4 addresses in IPv6 form count as IPv4 addresses.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        address
            .or_else(|_| text.parse())
            .map(Self)
            .map_err(|_| "expected networks, such as 10.0.0.0/8, or single addresses".to_owned())
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses() {
        let network = |text: &str| Network::try_from(text.to_owned());
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(network("10.0.0.0/8").unwrap().contains(address("10.1.2.3")));
        assert!(network("10.0.0.0/8").unwrap().contains(address("::ffff:10.1.2.3")));
        assert!(!network("10.0.0.0/8").unwrap().contains(address("11.1.2.3")));
        assert!(network("127.0.0.1").unwrap().contains(address("127.0.0.1")));
        assert!(!network("127.0.0.1").unwrap().contains(address("127.0.0.2")));
        assert!(network("2001:db8::/32").unwrap().contains(address("2001:db8::1")));
        assert!(network("proxy").is_err() && network("10.0.0.0/33").is_err());
    }
}
