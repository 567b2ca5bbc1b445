//! The addresses of this installation, which requests of steps must not reach.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses in the URL of a database: none for a Unix socket and for a name, other than `localhost`, which is
/// resolved when a request is sent.
pub(super) fn of_database(url: &str) -> Vec<SocketAddr> {
    let Some((scheme, rest)) = url.split_once("://") else { return Vec::new() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let default = match scheme {
        "mongodb" => 27017,
        "redis" | "rediss" => 6379,
        _ => 5432,
    };
    hosts.split(',').filter_map(|host| address(host, default)).collect()
}

fn address(host: &str, default: u16) -> Option<SocketAddr> {
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, port.parse().ok()?),
        _ => (host, default),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let ip = if name.eq_ignore_ascii_case("localhost") {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        name.parse().ok()?
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_url_are_found() {
        for (url, expected) in [
            ("redis://:secret@127.0.0.1:7000/0", vec!["127.0.0.1:7000"]),
            ("redis://localhost", vec!["127.0.0.1:6379"]),
            ("postgres://ada:p%40ss@10.0.0.5/triptych?sslmode=require", vec!["10.0.0.5:5432"]),
            ("mongodb://127.0.0.1:1,[::1]:2,db.example:3/?replicaSet=rs0", vec!["127.0.0.1:1", "[::1]:2"]),
            ("mongodb://[::1]/a", vec!["[::1]:27017"]),
            ("postgres://triptych@%2Ftmp%2Fa:5432/triptych", vec![]),
            ("nothing", vec![]),
        ] {
            let expected: Vec<SocketAddr> = expected.into_iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(of_database(url), expected, "{url}");
        }
    }
}
