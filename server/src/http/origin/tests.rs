//! Tests of hosts and origins.

use axum::http::Request;

use super::*;
use crate::config::{Config, Overrides};

fn boundary(adjust: impl FnOnce(&mut HttpConfig)) -> Boundary {
    let mut config = Config::load(&Overrides::default()).unwrap().http;
    adjust(&mut config);
    Boundary::new(&config)
}

fn parts(entries: &[(&str, &str)]) -> Parts {
    let request =
        entries.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn is_host(boundary: &Boundary, host: &str) -> bool {
    let parts = parts(&[("host", host)]);
    boundary.check_host(&parts.uri, &parts.headers).is_ok()
}

#[test]
fn a_server_on_this_machine_answers_to_its_names() {
    let boundary = boundary(|config| config.public_url = Some("https://Triptych.example/".to_owned()));
    for host in
        ["localhost:8000", "LOCALHOST", "127.0.0.1:8000", "127.1.2.3", "[::1]:8000", "triptych.example:443"]
    {
        assert!(is_host(&boundary, host), "{host}");
    }
    for host in ["rebound.example", "10.0.0.9", "localhost.example", "127.0.0.1.example", ""] {
        assert!(!is_host(&boundary, host), "{host}");
    }
    let none = parts(&[]);
    assert!(boundary.check_host(&none.uri, &none.headers).is_err());
}

#[test]
fn a_server_in_a_network_answers_to_the_configured_names() {
    let open = boundary(|config| config.bind = "0.0.0.0:8000".parse().unwrap());
    assert!(is_host(&open, "any.example"));
    let limited = boundary(|config| {
        config.bind = "0.0.0.0:8000".parse().unwrap();
        config.allowed_hosts = vec!["api.Example".to_owned(), "*.lan".to_owned(), "10.0.0.9".to_owned()];
    });
    for host in ["api.example", "api.example.:80", "triptych.lan", "10.0.0.9:8000", "localhost"] {
        assert!(is_host(&limited, host), "{host}");
    }
    for host in ["example", "other.example", "lan", "10.0.0.8"] {
        assert!(!is_host(&limited, host), "{host}");
    }
}

#[test]
fn pages_are_recognised_by_their_origin() {
    let boundary = boundary(|config| {
        config.public_url = Some("https://triptych.example/base".to_owned());
        config.allowed_origins = vec!["https://app.example".to_owned(), "http://localhost:5173/".to_owned()];
    });
    let page = |host: &str, origin: &str| boundary.page(&parts(&[("host", host), ("origin", origin)]));
    assert_eq!(boundary.page(&parts(&[("host", "a.example")])), Page::Own);
    assert_eq!(page("a.example:8000", "http://A.example:8000"), Page::Own);
    assert_eq!(page("a.example", "https://a.example:443"), Page::Own);
    assert_eq!(page("127.0.0.1:8000", "https://triptych.example"), Page::Own);
    for origin in ["https://app.example", "https://app.example:443", "http://localhost:5173"] {
        assert_eq!(page("a.example", origin), Page::Allowed(origin.parse().unwrap()));
    }
    for origin in
        ["null", "", "https://evil.example", "http://a.example:9000", "http://app.example", "a.example"]
    {
        assert_eq!(page("a.example:8000", origin), Page::Foreign, "{origin}");
    }
}

#[test]
fn only_requests_from_and_to_this_machine_are_local() {
    let local = |peer: &str, entries: &[(&str, &str)]| is_local(peer.parse().unwrap(), &parts(entries));
    assert!(local("127.0.0.1:4000", &[("host", "127.0.0.1:8000")]));
    assert!(local("127.0.0.1:4000", &[("host", "localhost:8000")]));
    assert!(local("[::1]:4000", &[("host", "[::1]:8000")]));
    assert!(!local("127.0.0.1:4000", &[("host", "rebound.example")]));
    assert!(!local("10.0.0.9:4000", &[("host", "localhost")]));
    for header in FORWARDED {
        assert!(!local("127.0.0.1:4000", &[("host", "localhost"), (header, "10.0.0.9")]), "{header}");
    }
}
