//! Resolves names for the connector, which connects to nothing but what this returns.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures::{FutureExt as _, future::BoxFuture};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Refused, Rules};

/// Looks up the addresses of a name.
pub(super) type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Looks up names with the resolver of the system.
pub(super) fn system() -> Lookup {
    Arc::new(|name| {
        async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        }
        .boxed()
    })
}

/// Resolves names to the addresses that may be reached at a port, and fails if none may.
pub(super) struct Resolver {
    pub(super) rules: Arc<Rules>,
    pub(super) lookup: Lookup,
    pub(super) port: u16,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (rules, port) = (self.rules.clone(), self.port);
        let name = name.as_str().to_owned();
        let found = (self.lookup)(name.clone());
        Box::pin(async move {
            let found = found.await?;
            let permitted: Addrs = Box::new(permitted(&rules, &name, found, port)?.into_iter());
            Ok(permitted)
        })
    }
}

fn permitted(rules: &Rules, name: &str, found: Vec<IpAddr>, port: u16) -> Result<Vec<SocketAddr>, Refused> {
    let (mut permitted, mut refused) = (Vec::new(), None);
    for address in found {
        match rules.check(name, address, port) {
            Ok(()) => permitted.push(SocketAddr::new(address, 0)),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(refused) if permitted.is_empty() => Err(refused),
        _ => Ok(permitted),
    }
}
