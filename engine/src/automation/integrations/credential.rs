//! The credential of a call: secret fields, which are sent to the hosts that the credential is for and to no other.

use reqwest::Url;
use serde_json::Value;
use triptych_services::automation::credentials::{Credentials, HostError, Opened};

use super::ActionError;

/// A decrypted credential. Without `Debug`, as it has the secret fields.
pub struct Credential {
    fields: Value,
    bond: Bond,
}

enum Bond {
    /// The hosts are stored with the credential.
    Stored(Box<(Credentials, Opened)>),
    /// For unit tests of operations, which have no databases.
    #[cfg(test)]
    None,
}

impl Credential {
    /// A stored credential.
    #[must_use]
    pub fn new(credentials: Credentials, mut opened: Opened) -> Self {
        let fields = opened.fields.take();
        Self { fields, bond: Bond::Stored(Box::new((credentials, opened))) }
    }

    #[cfg(test)]
    pub(super) fn unbound(fields: Value) -> Self {
        Self { fields, bond: Bond::None }
    }

    /// The secret fields. Must not be logged, or copied to outputs or errors.
    pub(super) fn fields(&self) -> &Value {
        &self.fields
    }

    /// Checks that the credential may be sent to the host of an address. Its first use decides, unless hosts were given.
    ///
    /// # Errors
    /// `CREDENTIAL_HOST` for another host, `UNAVAILABLE` if PostgreSQL does not answer.
    pub(super) async fn admit(&self, url: &Url) -> Result<(), ActionError> {
        let (credentials, opened) = match &self.bond {
            Bond::Stored(bond) => (&bond.0, &bond.1),
            #[cfg(test)]
            Bond::None => return Ok(()),
        };
        let host = url.host_str().unwrap_or_default();
        match credentials.admit(opened, host, url.port_or_known_default()).await {
            Ok(()) => Ok(()),
            Err(HostError::Other(hosts)) => Err(ActionError::permanent(
                "CREDENTIAL_HOST",
                format!(
                    "the credential of the step is for {}, and is not sent to {host}; `updateCredential` changes its hosts",
                    hosts.join(", ")
                ),
            )),
            Err(HostError::Store(error)) => {
                tracing::warn!(%error, credential.id = %opened.id, "the hosts of a credential were not read");
                Err(ActionError::temporary("UNAVAILABLE", triptych_services::error::UNAVAILABLE))
            }
        }
    }
}
