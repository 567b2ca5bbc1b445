//! The addresses of this installation: its server and its databases.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::ranges::embedded;

#[derive(Debug)]
pub(super) struct Own(Vec<SocketAddr>);

impl Own {
    pub(super) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(addresses)
    }

    pub(super) fn has_port(&self, port: u16) -> bool {
        self.0.iter().any(|own| own.port() == port)
    }

    /// Whether an address leads to one of these. One that listens on this machine is reached by every address of this
    /// machine: forwarding rules may connect them.
    pub(super) fn contains(&self, address: IpAddr, port: u16) -> bool {
        self.0.iter().filter(|own| own.port() == port).any(|own| {
            let ip = own.ip().to_canonical();
            let forms = embedded(address).into_iter().map(IpAddr::V4).chain([address]);
            forms.into_iter().any(|form| form == ip || (is_local(ip) && is_local(form)))
        })
    }
}

/// Whether an address is one of this machine: only those can be bound. Nothing is sent.
fn is_local(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified() || UdpSocket::bind((address, 0)).is_ok()
}
