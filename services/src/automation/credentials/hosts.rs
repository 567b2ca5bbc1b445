//! The hosts that a credential may be sent to: names, `*.` with a domain, each with a port or without.

use triptych_stores::error::Invalid;

use crate::input::{HostName, Problems};

/// Maximum number of hosts of a credential.
const MOST: usize = 20;

/// Checks and normalizes the hosts of an input.
///
/// # Errors
/// Each host that is not one, with its path.
pub(super) fn parse(path: &str, hosts: &[String]) -> Result<Vec<String>, Invalid> {
    if !(1..=MOST).contains(&hosts.len()) {
        return Err(Invalid::one(path, format!("1 to {MOST} hosts")));
    }
    let mut problems = Problems::default();
    let parsed = hosts.iter().enumerate().filter_map(|(index, host)| {
        problems.parsed(format!("{path}.{index}"), HostName::parse(host)).map(HostName::into_string)
    });
    let mut different = Vec::new();
    for host in parsed.map(|host| host.to_ascii_lowercase()) {
        if !different.contains(&host) {
            different.push(host);
        }
    }
    problems.check()?;
    Ok(different)
}

/// Whether one of the hosts is that of a request. A host without a port stands for every port.
pub(super) fn contain(hosts: &[String], name: &str, port: Option<u16>) -> bool {
    hosts.iter().any(|host| {
        let (wanted, wanted_port) = split(host);
        let same_port = wanted_port.is_none() || wanted_port == port;
        let same_name = match wanted.strip_prefix('*') {
            Some(domain) => name.len() > domain.len() && name.to_ascii_lowercase().ends_with(domain),
            None => name.eq_ignore_ascii_case(wanted),
        };
        same_port && same_name
    })
}

/// The name and the port. An IPv6 address is in brackets, as in a URL.
fn split(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_a_domain_or_a_name_with_a_port() {
        let one = |host: &str, name: &str, port| contain(&[host.to_owned()], name, Some(port));
        assert!(one("api.example.com", "API.example.com", 443));
        assert!(one("*.example.com", "api.example.com", 443));
        assert!(!one("*.example.com", "example.com", 443));
        assert!(!one("*.example.com", "evilexample.com", 443));
        assert!(!one("example.com", "api.example.com", 443));
        assert!(one("localhost:9000", "localhost", 9000) && !one("localhost:9000", "localhost", 9001));
        assert!(
            one("[::1]", "[::1]", 80) && one("[::1]:8080", "[::1]", 8080) && !one("[::1]:8080", "[::1]", 80)
        );
    }

    #[test]
    fn hosts_of_an_input_are_checked_one_by_one() {
        let parse = |hosts: &[&str]| {
            let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            parse("hosts", &hosts)
        };
        assert_eq!(
            parse(&["API.example.com", "*.example.org:8443", "api.example.com"]).unwrap(),
            ["api.example.com", "*.example.org:8443"]
        );
        let problems = parse(&["a.example", "https://b.example", "c.example/path", "*"]).unwrap_err().0;
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["hosts.1", "hosts.2", "hosts.3"]);
        assert!(parse(&[]).is_err());
    }
}
