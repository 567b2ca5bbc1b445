//! The ranges of addresses that are not public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::allow::within;

/// From the IANA registry of special-purpose addresses. Networks that are reserved and that nobody reaches are here too:
/// whoever answers there is near.
const V4: [(Ipv4Addr, u8, &str); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmark"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::BROADCAST, 32, "broadcast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
    // Looks public: the platform of Azure answers virtual machines there.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "metadata"),
];

const V6: [(Ipv6Addr, u8, &str); 12] = [
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    // Translators that a network chooses for itself: the IPv4 address may be in any position.
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "translated"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "private"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
    // Teredo and other experiments.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    // 6to4, whose relays are switched off.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
    // Site-local segment routing.
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "reserved"),
];

/// The addresses that are assigned to networks of the Internet.
const GLOBAL_UNICAST: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// The well-known prefix of NAT64: the last 32 bits are an IPv4 address.
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The name of the range of an address that is not public.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mut ranges = V4.iter();
            let found = ranges.find(|(base, length, _)| within(address.into(), (*base).into(), *length));
            found.map(|(_, _, name)| *name)
        }
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let is_in = |(base, length): (Ipv6Addr, u8)| within(address.into(), base.into(), length);
    if let Some((_, _, name)) = V6.iter().find(|(base, length, _)| is_in((*base, *length))) {
        return Some(*name);
    }
    if is_in(NAT64) {
        return special(translated(address).into());
    }
    (!is_in(GLOBAL_UNICAST)).then_some("reserved")
}

/// The IPv4 address that the last 32 bits are.
fn translated(address: Ipv6Addr) -> Ipv4Addr {
    let [.., high, low] = address.segments();
    from_halves(high, low)
}

fn from_halves(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// The IPv4 addresses that an IPv6 address may be forwarded to, by translators and tunnels.
pub(super) fn embedded(address: IpAddr) -> Vec<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return Vec::new() };
    let [_, second, third, .., high, low] = address.segments();
    vec![from_halves(high, low), from_halves(second, third), from_halves(!high, !low)]
}
