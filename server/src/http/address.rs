//! The address of a client: that of its connection, or the one that a trusted proxy reports.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, request::Parts},
};

use crate::config::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the connection of a request.
pub(super) fn peer(parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(peer.ip().to_canonical())
}

/// The address of the client. Each proxy appends the address that it received the request from, so the list is read
/// from its end for as long as the address belongs to a trusted proxy. Entries before that are claims of the client.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let lists = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = lists.flat_map(|list| list.to_str().unwrap_or_default().rsplit(','));
    let mut address = peer.to_canonical();
    while is_trusted(address, trusted) {
        match hops.next().map(str::trim).map(hop) {
            Some(Some(hop)) => address = hop,
            // An entry that is not an address, or the end of the list.
            Some(None) | None => break,
        }
    }
    address
}

/// Whether headers about the client are honoured in requests from this address.
pub(super) fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// An entry of the list: an address, which some proxies write with a port.
fn hop(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_client(peer: &str, lists: &[&'static str], expected: &str) {
        let trusted = [Network::try_from("10.0.0.0/8".to_owned()).unwrap()];
        let entries = lists.iter().map(|list| (FORWARDED_FOR.parse().unwrap(), list.parse().unwrap()));
        let found = client(peer.parse().unwrap(), &entries.collect(), &trusted);
        assert_eq!(found.to_string(), expected);
    }

    #[test]
    fn only_trusted_proxies_report_addresses_of_clients() {
        assert_client("203.0.113.9", &["198.51.100.1"], "203.0.113.9");
        assert_client("10.0.0.1", &[], "10.0.0.1");
        assert_client("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        assert_client("::ffff:10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        assert_client("10.0.0.1", &["2001:db8::7"], "2001:db8::7");
    }

    #[test]
    fn claims_of_a_client_before_the_last_proxy_have_no_effect() {
        assert_client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1");
        assert_client("10.0.0.1", &["1.1.1.1", "198.51.100.1"], "198.51.100.1");
        assert_client("10.0.0.1", &["198.51.100.1, nonsense"], "10.0.0.1");
    }
}
