//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr};

/// The client of a request, for limits and records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address, as a trusted proxy reports it, otherwise that of the connection.
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// The address by which limits count a client. A client with IPv6 usually has a whole network of 64 bits.
#[must_use]
pub fn counted_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_with_ipv6_are_counted_by_network() {
        let of = |text: &str| counted_address(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
