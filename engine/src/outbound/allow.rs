//! The entries of `outbound.allow`.

use std::{net::IpAddr, str::FromStr};

/// What a request may reach although its address is not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// Every address with the first `length` bits of `base`, at one port or at all.
    Network { base: IpAddr, length: u8, port: Option<u16> },
    /// A name, whatever it resolves to, at one port or at all.
    Name { name: String, port: Option<u16> },
}

/// An entry that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is neither a network such as \"10.0.0.0/8\", nor a host such as \"intranet.example\" or \"10.0.0.5\", nor a \
     host with a port such as \"localhost:9000\""
)]
pub struct BadAllowed(String);

impl Allowed {
    pub(super) fn lifts(&self, host: &str, address: IpAddr, port: u16) -> bool {
        if self.port().is_some_and(|own| own != port) {
            return false;
        }
        match self {
            Self::Network { base, length, .. } => within(address, *base, *length),
            Self::Name { name, .. } => host.trim_end_matches('.').eq_ignore_ascii_case(name),
        }
    }

    pub(super) fn port(&self) -> Option<u16> {
        match self {
            Self::Network { port, .. } | Self::Name { port, .. } => *port,
        }
    }
}

impl FromStr for Allowed {
    type Err = BadAllowed;

    fn from_str(text: &str) -> Result<Self, BadAllowed> {
        let bad = || BadAllowed(text.to_owned());
        if let Some((base, length)) = text.split_once('/') {
            let base: IpAddr = base.parse().map_err(|_| bad())?;
            let length = length.parse().ok().filter(|length| *length <= bits(base)).ok_or_else(bad)?;
            return Ok(Self::Network { base, length, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            // An IPv6 address without brackets has colons of its own.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok().filter(|port| *port != 0).ok_or_else(bad)?))
            }
            _ => (text, None),
        };
        if let Ok(base) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(Self::Network { base, length: bits(base), port });
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let valid = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        if name.split('.').all(valid) { Ok(Self::Name { name, port }) } else { Err(bad()) }
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Whether an address begins with the first `length` bits of another of its kind.
pub(super) fn within(address: IpAddr, base: IpAddr, length: u8) -> bool {
    let same = |address: u128, base: u128, bits: u32| {
        let rest = bits - u32::from(length);
        rest >= u128::BITS || (address ^ base) >> rest == 0
    };
    match (address, base) {
        (IpAddr::V4(address), IpAddr::V4(base)) => same(address.to_bits().into(), base.to_bits().into(), 32),
        (IpAddr::V6(address), IpAddr::V6(base)) => same(address.to_bits(), base.to_bits(), 128),
        _ => false,
    }
}
