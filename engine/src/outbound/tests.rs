use std::{
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{Router, routing::get};
use futures::FutureExt as _;

use super::*;

fn rules(allow: &[&str]) -> Rules {
    let allow = allow.iter().map(|entry| entry.parse().unwrap()).collect();
    Rules { allow, own: Own::new(Vec::new()) }
}

/// The range for which a URL is refused.
fn range(url: &str) -> Option<&'static str> {
    let url: Url = url.parse().unwrap();
    let address = literal(&url).unwrap_or_else(|| panic!("{url} has no address"));
    ranges::special(address)
}

#[test]
fn every_address_that_is_not_public_has_a_range() {
    for (address, expected) in [
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "shared"),
        ("100.100.100.200", "shared"),
        ("100.127.255.255", "shared"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("169.254.0.1", "link-local"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "reserved"),
        ("192.168.0.1", "private"),
        ("198.18.0.1", "benchmark"),
        ("198.19.255.255", "benchmark"),
        ("198.51.100.7", "documentation"),
        ("203.0.113.7", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("168.63.129.16", "metadata"),
        ("[::]", "unspecified"),
        ("[::1]", "loopback"),
        ("[fc00::1]", "private"),
        ("[fd00:ec2::254]", "private"),
        ("[fe80::1]", "link-local"),
        ("[fec0::1]", "private"),
        ("[ff02::1]", "multicast"),
        ("[2001:2::1]", "reserved"),
        ("[2001:db8::1]", "documentation"),
        ("[3fff::1]", "documentation"),
        ("[100::1]", "reserved"),
        ("[4000::1]", "reserved"),
        ("[5f00::1]", "reserved"),
    ] {
        assert_eq!(range(&format!("http://{address}/")), Some(expected), "{address}");
    }
}

#[test]
fn ipv4_addresses_inside_of_ipv6_addresses_are_checked() {
    for (address, expected) in [
        ("[::ffff:127.0.0.1]", Some("loopback")),
        ("[::ffff:a9fe:a9fe]", Some("link-local")),
        ("[::ffff:8.8.8.8]", None),
        // The deprecated compatible form.
        ("[::127.0.0.1]", Some("reserved")),
        ("[64:ff9b::127.0.0.1]", Some("loopback")),
        ("[64:ff9b::169.254.169.254]", Some("link-local")),
        ("[64:ff9b::8.8.8.8]", None),
        ("[64:ff9b:1::8.8.8.8]", Some("translated")),
        ("[64:ff9b:1:a00:0:100::]", Some("translated")),
        ("[2002:7f00:1::]", Some("6to4")),
        ("[2002:a9fe:a9fe::1]", Some("6to4")),
        ("[2001:0:7f00:1::]", Some("reserved")),
        ("[2001:0:4136:e378:8000:63bf:80ff:fffe]", Some("reserved")),
    ] {
        assert_eq!(range(&format!("http://{address}/")), expected, "{address}");
    }
}

#[test]
fn public_addresses_are_reached() {
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "223.255.255.255",
        "[2606:4700::1111]",
        "[2a00:1450:4001::200e]",
    ] {
        assert_eq!(range(&format!("http://{address}/")), None, "{address}");
    }
}

#[test]
fn other_spellings_of_an_address_are_the_same_address() {
    for host in [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "0x7F.0x0.0x0.0x1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "user:password@127.0.0.1",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::FFFF:127.0.0.1]",
        "[0000::1]",
    ] {
        assert_eq!(range(&format!("http://{host}:80/")), Some("loopback"), "{host}");
    }
    assert_eq!(range("http://0/"), Some("unspecified"));
    assert_eq!(range("http://2852039166/"), Some("link-local"));
}

#[test]
fn an_entry_allows_what_it_names() {
    let check = |allow: &str, host: &str, address: &str, port: u16| {
        rules(&[allow]).check(host, address.parse().unwrap(), port).is_ok()
    };
    assert!(check("10.0.0.0/8", "10.1.2.3", "10.1.2.3", 80));
    assert!(check("10.0.0.0/8", "intranet.example", "10.1.2.3", 80));
    assert!(check("10.0.0.0/8", "intranet.example", "::ffff:10.1.2.3", 80));
    assert!(!check("10.0.0.0/8", "11.example", "192.168.0.1", 80));
    assert!(check("10.0.0.5", "10.0.0.5", "10.0.0.5", 8080));
    assert!(!check("10.0.0.5", "10.0.0.6", "10.0.0.6", 8080));
    assert!(check("10.0.0.5:81", "any.example", "10.0.0.5", 81));
    assert!(!check("10.0.0.5:81", "10.0.0.5", "10.0.0.5", 80));
    assert!(check("fd00::/8", "h", "fd12::1", 80) && !check("fd00::/8", "h", "fe80::1", 80));
    assert!(check("[::1]:9000", "localhost", "::1", 9000) && !check("[::1]:9000", "localhost", "::1", 1));
    assert!(check("::1", "localhost", "::1", 9000));
    assert!(check("Intranet.Example", "intranet.example.", "10.0.0.5", 1));
    assert!(!check("intranet.example", "a.intranet.example", "10.0.0.5", 1));
    assert!(check("localhost:9000", "localhost", "127.0.0.1", 9000));
    assert!(!check("localhost:9000", "localhost", "127.0.0.1", 9001));
    assert!(!check("localhost", "127.0.0.1", "127.0.0.1", 9001));
    assert!(check("0.0.0.0/0", "h", "127.0.0.1", 1) && check("::/0", "h", "::1", 1));
}

#[test]
fn entries_that_cannot_be_read_are_refused() {
    for entry in
        ["", "10.0.0.0/33", "::/129", "10.0.0/8", "host:0", "host:port", "host:70000", "http://host", "a b"]
    {
        assert!(entry.parse::<Allowed>().is_err(), "{entry:?}");
    }
}

#[test]
fn addresses_of_the_installation_are_refused_whatever_is_allowed() {
    let rules = |own: &str| Rules {
        allow: ["0.0.0.0/0", "::/0", "localhost"].map(|entry| entry.parse().unwrap()).to_vec(),
        own: Own::new(vec![own.parse().unwrap()]),
    };
    let is_own = |own: &str, address: &str, port: u16| {
        matches!(rules(own).check("h", address.parse::<IpAddr>().unwrap(), port), Err(Refused::Own { .. }))
    };
    for own in ["127.0.0.1:8000", "0.0.0.0:8000", "[::]:8000", "[::1]:8000"] {
        for address in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert!(is_own(own, address, 8000), "{address} of {own}");
            assert!(!is_own(own, address, 8001), "{address} of {own}");
        }
    }
    assert!(is_own("10.9.8.7:5432", "10.9.8.7", 5432) && !is_own("10.9.8.7:5432", "10.9.8.6", 5432));
}

#[test]
fn the_error_names_the_setting_and_not_the_address() {
    let error = rules(&[]).check("intranet.example", "10.0.0.5".parse().unwrap(), 8080).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("`outbound.allow`: \"intranet.example:8080\""), "{text}");
    assert!(text.contains("private") && !text.contains("10.0.0.5"), "{text}");
    assert!("intranet.example:8080".parse::<Allowed>().is_ok());
    let error = rules(&[]).check("::1", "::1".parse().unwrap(), 80).unwrap_err();
    assert!(error.to_string().contains("`outbound.allow`: \"[::1]:80\""), "{error}");
}

/// A server on loopback, which answers `here`.
async fn local() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(
        async move { axum::serve(listener, Router::new().route("/", get(|| async { "here" }))).await },
    );
    address
}

fn outbound(allow: &[String], own: Vec<SocketAddr>, lookup: Lookup) -> Outbound {
    Outbound::with_lookup(allow.iter().map(|entry| entry.parse().unwrap()).collect(), own, lookup).unwrap()
}

async fn fetch(outbound: &Outbound, url: &str) -> Result<String, Refused> {
    let request = match outbound.request(Method::GET, &url.parse().unwrap()) {
        Ok(request) => request,
        Err(OutboundError::Refused(refused)) => return Err(refused),
        Err(error) => panic!("{error}"),
    };
    match request.send().await {
        Ok(response) => Ok(response.text().await.unwrap()),
        Err(error) => Err(refused(&error).unwrap_or_else(|| panic!("{error:?}")).clone()),
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_connected_to_what_was_checked() {
    let port = local().await.port();
    // A name that resolves to an address where nobody listens first, and to the server whenever it is asked again.
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        let address: IpAddr = if first { "127.0.0.2" } else { "127.0.0.1" }.parse().unwrap();
        async move { Ok(vec![address]) }.boxed()
    });
    let outbound = outbound(&["127.0.0.2".to_owned()], Vec::new(), lookup);
    let request = outbound.request(Method::GET, &format!("http://rebound.example:{port}/").parse().unwrap());
    let sent = request.unwrap().send().await;
    assert!(sent.as_ref().is_err_and(|error| refused(error).is_none()), "{sent:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let refused = fetch(&outbound, &format!("http://rebound.example:{port}/")).await.unwrap_err();
    assert!(matches!(refused, Refused::Range { range: "loopback", .. }), "{refused}");
}

#[tokio::test]
async fn of_several_addresses_only_the_permitted_ones_are_used() {
    let port = local().await.port();
    let lookup: Lookup = Arc::new(|_| {
        async { Ok(["10.0.0.1", "127.0.0.1", "169.254.169.254"].map(|ip| ip.parse().unwrap()).to_vec()) }
            .boxed()
    });
    let allowed = outbound(&["127.0.0.1".to_owned()], Vec::new(), lookup.clone());
    assert_eq!(fetch(&allowed, &format!("http://mixed.example:{port}/")).await.unwrap(), "here");
    let strict = outbound(&[], Vec::new(), lookup);
    fetch(&strict, &format!("http://mixed.example:{port}/")).await.unwrap_err();
}

#[tokio::test]
async fn names_and_literals_of_loopback_need_a_setting_that_fits() {
    let (one, other) = (local().await, local().await);
    let strict = outbound(&[], Vec::new(), resolve::system());
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "2130706433", "[::ffff:127.0.0.1]"] {
        fetch(&strict, &format!("http://{host}:{}/", one.port())).await.unwrap_err();
    }
    let port = outbound(&[format!("localhost:{}", one.port())], Vec::new(), resolve::system());
    assert_eq!(fetch(&port, &format!("http://localhost:{}/", one.port())).await.unwrap(), "here");
    fetch(&port, &format!("http://localhost:{}/", other.port())).await.unwrap_err();
    fetch(&port, &format!("http://127.0.0.1:{}/", one.port())).await.unwrap_err();
    // Own addresses are refused by name, too.
    let own = outbound(&["127.0.0.0/8".to_owned()], vec![one], resolve::system());
    let refused = fetch(&own, &format!("http://localhost:{}/", one.port())).await.unwrap_err();
    assert!(matches!(refused, Refused::Own { .. }), "{refused}");
    assert_eq!(fetch(&own, &format!("http://localhost:{}/", other.port())).await.unwrap(), "here");
}
