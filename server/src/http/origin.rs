//! The names that this server answers to, and the pages of browsers that may use it.
//!
//! A browser sends a page's origin with each request that the page makes of another site, and with each WebSocket
//! handshake. The name of the server matters too: a foreign name that resolves to this machine makes a foreign page one
//! of this server (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts, uri::Authority};
use triptych_services::error::Code;

use super::refusal::Refusal;
use crate::config::HttpConfig;

/// Headers that proxies add.
const FORWARDED: [&str; 7] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
];

/// The page that a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    /// A page of this server, or no page: other programs send no origin.
    Own,
    /// A page of an origin in `http.allowed_origins`.
    Allowed(HeaderValue),
    Foreign,
}

/// The hosts and the origins that are allowed.
#[derive(Debug, Clone)]
pub(super) struct Boundary {
    /// `None`: every host.
    hosts: Option<Vec<String>>,
    origins: Vec<String>,
    /// The origin of `http.public_url`, which a proxy may serve under another name.
    public: Option<String>,
}

impl Boundary {
    pub(super) fn new(config: &HttpConfig) -> Self {
        let public = config.public_url.as_deref().and_then(|url| url.parse::<Uri>().ok());
        let limited = config.bind.ip().to_canonical().is_loopback() || !config.allowed_hosts.is_empty();
        let mut hosts = config.allowed_hosts.clone();
        hosts.extend(public.as_ref().and_then(Uri::host).map(str::to_owned));
        for host in &mut hosts {
            host.make_ascii_lowercase();
        }
        Self {
            hosts: limited.then_some(hosts),
            origins: config.allowed_origins.iter().filter_map(|origin| normalized(origin)).collect(),
            public: public.and_then(|url| normalized(&format!("{}://{}", url.scheme()?, url.authority()?))),
        }
    }

    /// The boundary of an address for operators. On this machine, it answers to the names of this machine only.
    pub(super) fn of_address(bound: SocketAddr) -> Self {
        let local = bound.ip().to_canonical().is_loopback();
        Self { hosts: local.then(Vec::new), origins: Vec::new(), public: None }
    }

    /// Checks the host that a request is addressed to.
    ///
    /// # Errors
    /// 421 for another host.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(hosts) = &self.hosts else { return Ok(()) };
        let name = authority(uri, headers).map(|authority| authority.host().to_ascii_lowercase());
        let allowed = |name: &str| is_loopback_name(name) || hosts.iter().any(|host| matches(host, name));
        if name.is_some_and(|name| allowed(name.trim_end_matches('.'))) {
            return Ok(());
        }
        let message = "this server does not answer to that host; see the setting http.allowed_hosts";
        Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, Code::Forbidden, message))
    }

    /// The page that a request comes from.
    pub(super) fn page(&self, parts: &Parts) -> Page {
        let Some(value) = parts.headers.get(header::ORIGIN) else { return Page::Own };
        let origin = value.to_str().ok().and_then(normalized);
        let Some(origin) = origin else { return Page::Foreign };
        let own = authority(&parts.uri, &parts.headers).is_some_and(|host| is_same(&origin, &host));
        if own || self.public.as_ref() == Some(&origin) {
            return Page::Own;
        }
        if self.origins.contains(&origin) { Page::Allowed(value.clone()) } else { Page::Foreign }
    }
}

/// 403: a page of another site cannot use this server.
pub(super) fn foreign_page() -> Refusal {
    let message = "a page of another origin cannot use this server; see the setting http.allowed_origins";
    Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, message)
}

/// The host and port that a request is addressed to: of its URI over HTTP/2, else of its header.
pub(super) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let header = || headers.get(header::HOST)?.to_str().ok()?.parse().ok();
    uri.authority().cloned().or_else(header)
}

/// Whether a request comes from this machine and addresses it as such, and not through a proxy.
pub(super) fn is_local(peer: SocketAddr, parts: &Parts) -> bool {
    let proxied = FORWARDED.iter().any(|name| parts.headers.contains_key(*name));
    let host = authority(&parts.uri, &parts.headers);
    let addressed_local = host.is_some_and(|host| is_loopback_name(host.host()));
    peer.ip().to_canonical().is_loopback() && !proxied && addressed_local
}

fn is_loopback_name(name: &str) -> bool {
    let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || literal.is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether a setting names a host: itself, every host below a domain (`*.example.com`), or every host (`*`).
fn matches(setting: &str, name: &str) -> bool {
    match setting.strip_prefix('*') {
        Some(domain) => name.ends_with(domain),
        None => setting.trim_end_matches('.') == name,
    }
}

/// An origin in lower case, without the usual port of its scheme. `None` for what is not an origin, such as `null`.
fn normalized(origin: &str) -> Option<String> {
    let origin = origin.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, rest) = origin.split_once("://")?;
    let authority = rest.parse::<Authority>().ok()?;
    let usual = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let port = authority.port_u16().filter(|port| Some(*port) != usual);
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{scheme}://{}{port}", authority.host()))
}

/// Whether an origin is that of the host that a request is addressed to. The scheme is not known behind a proxy.
fn is_same(origin: &str, host: &Authority) -> bool {
    let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
    normalized(&format!("{scheme}://{host}")).as_deref() == Some(origin)
}

#[cfg(test)]
mod tests;
