//! Counts what each address of clients has open, for the limits.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use dashmap::DashMap;

/// Counts by address. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses(Arc<DashMap<IpAddr, usize>>);

/// A counted connection. Dropping it releases the count.
#[derive(Debug)]
pub(super) struct AddressPlace {
    address: IpAddr,
    addresses: Addresses,
}

impl Addresses {
    /// Counts a connection of an address. `None` at the limit.
    pub(super) fn enter(&self, address: IpAddr, limit: usize) -> Option<AddressPlace> {
        let address = subscriber(address);
        let mut count = self.0.entry(address).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        drop(count);
        Some(AddressPlace { address, addresses: self.clone() })
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        self.addresses.0.remove_if_mut(&self.address, |_, count| {
            *count -= 1;
            *count == 0
        });
    }
}

/// The network that counts as one client: a subscriber of IPv6 has at least a /64.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_counted_apart_and_released() {
        let addresses = Addresses::default();
        let enter = |address: &str| addresses.enter(address.parse().unwrap(), 2);
        let places = (enter("192.0.2.1"), enter("::ffff:192.0.2.1"));
        assert!(places.0.is_some() && places.1.is_some() && enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some());
        drop(places);
        assert!(enter("192.0.2.1").is_some());
        let network = (enter("2001:db8::1"), enter("2001:db8::2"));
        assert!(network.1.is_some() && enter("2001:db8::3").is_none() && enter("2001:db8:0:1::3").is_some());
        drop(network);
        assert!(addresses.0.is_empty());
    }
}
