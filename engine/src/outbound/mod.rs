//! The HTTP client of operations: requests whose address a user chooses.
//!
//! A request reaches public addresses only, and what `outbound.allow` names. Names are resolved by the client's own
//! connector, which gets only the addresses that were checked; there is no second resolution that could answer
//! otherwise. Addresses of this installation (its server, its databases) are never reachable.

mod allow;
mod own;
mod ranges;
mod resolve;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use allow::Allowed;
use own::Own;
use reqwest::{Client, Method, RequestBuilder, Url, redirect::Policy};
use resolve::{Lookup, Resolver};
use triptych_services::tls;

/// Why a request is not sent to an address. The message does not contain the address, which may be that of an internal
/// name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "`{host}` has a {range} address, which steps cannot reach; the operator can allow it with the setting \
         `outbound.allow`: {host:?}"
    )]
    Range { host: String, range: &'static str },
    #[error("`{host}` is an address of this installation, which steps cannot reach")]
    Own { host: String },
}

impl Refused {
    /// The same, about a host with its port, which a resolver does not get.
    #[must_use]
    pub fn about(self, host: &str) -> Self {
        let host = host.to_owned();
        match self {
            Self::Range { range, .. } => Self::Range { host, range },
            Self::Own { .. } => Self::Own { host },
        }
    }
}

/// Why no request could be made.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("no HTTP client could be made")]
    Client(#[from] reqwest::Error),
}

/// What may be reached.
#[derive(Debug)]
struct Rules {
    allow: Vec<Allowed>,
    own: Own,
}

/// Sends requests to addresses that users choose. Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    rules: Arc<Rules>,
    lookup: Lookup,
    /// One client for each port that a rule names, as a resolver does not get the port, and one for all others under 0.
    clients: Mutex<HashMap<u16, Client>>,
}

/// The key of the client for ports without rules of their own. No address has this port.
const OTHER_PORTS: u16 = 0;

impl Outbound {
    /// `own` are the addresses of this installation.
    ///
    /// # Errors
    /// If no HTTP client can be created, as without certificates.
    pub fn new(allow: Vec<Allowed>, own: Vec<SocketAddr>) -> Result<Self, reqwest::Error> {
        Self::with_lookup(allow, own, resolve::system())
    }

    fn with_lookup(
        allow: Vec<Allowed>,
        own: Vec<SocketAddr>,
        lookup: Lookup,
    ) -> Result<Self, reqwest::Error> {
        let rules = Arc::new(Rules { allow, own: Own::new(own) });
        let outbound = Self(Arc::new(Inner { rules, lookup, clients: Mutex::default() }));
        // At the start, so that a process without certificates does not begin to work.
        outbound.client(OTHER_PORTS)?;
        Ok(outbound)
    }

    /// Begins a request. Redirects are not followed: the sender decides about each, and begins another request.
    ///
    /// # Errors
    /// If the URL contains an address that is not allowed. One that a name resolves to is an error of the connection,
    /// see [`refused`].
    pub fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, OutboundError> {
        let rules = &self.0.rules;
        let port = url.port_or_known_default().unwrap_or(OTHER_PORTS);
        if let Some(address) = literal(url) {
            rules.check(&address.to_string(), address, port)?;
        }
        let port = if rules.names(port) { port } else { OTHER_PORTS };
        Ok(self.client(port)?.request(method, url.clone()))
    }

    fn client(&self, port: u16) -> Result<Client, reqwest::Error> {
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&port) {
            return Ok(client.clone());
        }
        tls::install();
        let client = Client::builder()
            .user_agent(concat!("Triptych/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_max_idle_per_host(32)
            .redirect(Policy::none())
            // A proxy would resolve names itself, unchecked.
            .no_proxy()
            .dns_resolver(Arc::new(Resolver {
                rules: self.0.rules.clone(),
                lookup: self.0.lookup.clone(),
                port,
            }))
            .build()?;
        clients.insert(port, client.clone());
        Ok(client)
    }
}

impl Rules {
    /// Whether an address that `host` stands for can be reached at a port.
    fn check(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Refused> {
        let address = address.to_canonical();
        if self.own.contains(address, port) {
            return Err(Refused::Own { host: shown(host, port) });
        }
        let Some(range) = ranges::special(address) else { return Ok(()) };
        if self.allow.iter().any(|allowed| allowed.lifts(host, address, port)) {
            return Ok(());
        }
        Err(Refused::Range { host: shown(host, port), range })
    }

    /// Whether a rule applies to this port only.
    fn names(&self, port: u16) -> bool {
        self.own.has_port(port) || self.allow.iter().any(|allowed| allowed.port() == Some(port))
    }
}

/// The address that the host of a URL is. The parser of URLs has converted decimal, octal, hexadecimal and short forms.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// The refusal that made a request fail, if that is the cause of its error.
pub fn refused<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Refused> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(refused);
        }
        cause = error.source();
    }
    None
}

/// A host with its port, as `outbound.allow` takes it.
fn shown(host: &str, port: u16) -> String {
    match port {
        OTHER_PORTS => host.to_owned(),
        port if host.contains(':') => format!("[{host}]:{port}"),
        port => format!("{host}:{port}"),
    }
}
