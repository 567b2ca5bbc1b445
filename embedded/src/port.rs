//! Free ports of the loopback interface.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use super::EngineError;

/// The wanted port if it is free, else any free port. If another program binds it first, the start of the engine fails.
pub(super) fn free(wanted: Option<u16>) -> Result<u16, EngineError> {
    let bind =
        |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    wanted
        .and_then(|port| bind(port).ok())
        .map_or_else(|| bind(0), Ok)
        .map(|address| address.port())
        .map_err(EngineError::file("listen on", "127.0.0.1"))
}

/// Waits until a server accepts connections on the port.
pub(super) async fn accepts(port: u16) {
    while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
