//! The address for operators.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{Section, problems::SectionProblems};

/// The usual port.
const PORT: u16 = 9600;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpsConfig {
    /// Address and port for metrics and detailed health, of workers too. Unset: port 9600 of this machine, or, if that is
    /// taken, a free one.
    pub bind: Option<SocketAddr>,
}

impl OpsConfig {
    /// The addresses to try, in this order.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        match self.bind {
            Some(address) => vec![address],
            None => [PORT, 0].map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).to_vec(),
        }
    }
}

impl Section for OpsConfig {
    fn validate(&self, _: &mut SectionProblems<'_, '_>) {}
}
