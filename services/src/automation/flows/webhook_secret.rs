//! Moves the secret of a webhook from the parameters of its trigger, which everyone who sees the flow can read, into a
//! credential of the flow, which nobody can.

use serde_json::Value;
use triptych_entities::ids::CredentialId;
use triptych_stores::error::Invalid;

use super::spec::GraphSpec;
use crate::automation::integrations::{Catalog, Start};

/// A graph whose trigger refers to a credential, and the secret for that credential.
pub(super) struct Moved {
    pub(super) graph: GraphSpec,
    pub(super) credential: CredentialId,
    pub(super) secret: String,
    /// The index of the trigger.
    trigger: usize,
}

impl Moved {
    /// `None` if the graph has no secret among its parameters.
    ///
    /// # Errors
    /// If the trigger has both a secret and a credential.
    pub(super) fn of(
        graph: &GraphSpec,
        catalog: &Catalog,
        new: impl FnOnce() -> CredentialId,
    ) -> Result<Option<Self>, Invalid> {
        let found = graph.steps.iter().enumerate().find_map(|(index, step)| {
            let start = catalog.operation(&step.integration, &step.operation)?.start.as_ref()?;
            let Start::Webhook(webhook) = start else { return None };
            let secret = webhook.secret(&step.parameters)?;
            Some((index, webhook.secret.clone()?, secret.to_owned()))
        });
        let Some((trigger, name, secret)) = found else { return Ok(None) };
        if graph.steps[trigger].credential_id.is_some() {
            let path = format!("steps.{trigger}.credentialId");
            return Err(Invalid::one(path, format!("give either a credential or `{name}`")));
        }
        let mut graph = graph.clone();
        if let Value::Object(parameters) = &mut graph.steps[trigger].parameters {
            parameters.remove(&name);
        }
        let credential = new();
        graph.steps[trigger].credential_id = Some(credential);
        Ok(Some(Self { graph, credential, secret, trigger }))
    }

    /// Refers to an existing credential instead.
    pub(super) fn refer_to(&mut self, credential: CredentialId) {
        self.credential = credential;
        self.graph.steps[self.trigger].credential_id = Some(credential);
    }
}
