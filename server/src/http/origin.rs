//! The origin of a browser's request.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Uri, header};

/// Whether a request comes from a page of this server. Other programs send no `Origin` header and pass.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, rest)| rest);
    match (origin, host) {
        (Some(origin), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Whether a request comes from this machine and addresses it as such: not through a proxy, and not under a foreign
/// name that resolves to this machine (DNS rebinding).
pub(super) fn is_local(peer: SocketAddr, headers: &HeaderMap) -> bool {
    let proxied = ["forwarded", "x-forwarded-for", "via"].iter().any(|name| headers.contains_key(*name));
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(|host| host.parse::<Uri>().ok())
        .and_then(|uri| uri.host().map(str::to_owned));
    let addressed_local =
        host.is_some_and(|host| matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]"));
    peer.ip().to_canonical().is_loopback() && !proxied && addressed_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(entries: &[(&'static str, &'static str)]) -> HeaderMap {
        entries.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn pages_of_other_origins_are_recognised() {
        assert!(is_same_origin(&headers(&[("host", "a.example")])));
        assert!(is_same_origin(&headers(&[("host", "a.example:8000"), ("origin", "http://a.example:8000")])));
        assert!(!is_same_origin(&headers(&[("host", "a.example"), ("origin", "https://evil.example")])));
        assert!(!is_same_origin(&headers(&[("host", "a.example"), ("origin", "null")])));
        assert!(!is_same_origin(&headers(&[
            ("host", "a.example:8000"),
            ("origin", "http://a.example:9000")
        ])));
    }

    #[test]
    fn only_requests_from_and_to_this_machine_are_local() {
        let peer = "127.0.0.1:4000".parse().unwrap();
        assert!(is_local(peer, &headers(&[("host", "127.0.0.1:8000")])));
        assert!(is_local(peer, &headers(&[("host", "localhost:8000")])));
        assert!(is_local("[::1]:4000".parse().unwrap(), &headers(&[("host", "[::1]:8000")])));
        assert!(!is_local(peer, &headers(&[("host", "rebound.example")])));
        assert!(!is_local(peer, &headers(&[("host", "localhost"), ("x-forwarded-for", "10.0.0.9")])));
        assert!(!is_local("10.0.0.9:4000".parse().unwrap(), &headers(&[("host", "localhost")])));
    }
}
