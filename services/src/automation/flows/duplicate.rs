//! Copies flows.

use sea_orm::{ColumnTrait as _, QueryFilter as _};
use triptych_entities::{
    ids::FlowId,
    relational::automation::{credential, flow},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::Result,
    fetch::Fetch as _,
};

use super::{Flows, NewFlow, spec::GraphSpec};
use crate::automation::{credentials::CredentialCopy, integrations::Start};

impl Flows {
    /// Creates a copy that the caller owns: a draft with the same graph. Credentials that belong to the original are
    /// copied if the caller may use them; the secret of the webhook always is, so that the copy is not open to everyone.
    ///
    /// # Errors
    /// `NotFound` also for another organization's flow.
    #[tracing::instrument(skip_all, fields(flow.id = %id))]
    pub async fn duplicate(
        &self,
        actor: &Actor,
        id: FlowId,
        name: Option<String>,
        client_id: Option<String>,
    ) -> Result<flow::Model> {
        let original = self.get(actor, id).await?;
        let graph = self.graphs.load(&self.stores.pg, original.draft_version_id).await?;
        let name = name.unwrap_or_else(|| format!("{} (copy)", original.name));
        let mut graph = GraphSpec::of(&graph)?;
        let copies = self.copies(actor, &original, &mut graph).await?;
        self.create_with(actor, NewFlow { name, notes: original.notes, client_id, graph }, &copies).await
    }

    /// Lets a graph refer to copies of those of its credentials that belong to a flow.
    async fn copies(
        &self,
        actor: &Actor,
        flow: &flow::Model,
        graph: &mut GraphSpec,
    ) -> Result<Vec<CredentialCopy>> {
        let of_flow =
            |scope| credential::Entity::within(scope).filter(credential::Column::FlowId.eq(flow.id));
        let bound = of_flow(Scope::whole(flow.organization_id)).fetch(&self.stores.pg).await?;
        let usable = match actor.scope(Action::Use, Subject::Credential) {
            Ok(scope) => of_flow(scope).fetch(&self.stores.pg).await?,
            Err(_) => Vec::new(),
        };
        let mut copies: Vec<CredentialCopy> = Vec::new();
        for step in &mut graph.steps {
            let id = step.credential_id;
            let Some(original) = bound.iter().find(|credential| Some(credential.id) == id) else { continue };
            let start = self.catalog.operation(&step.integration, &step.operation);
            let is_webhook =
                start.is_some_and(|operation| matches!(operation.start, Some(Start::Webhook(_))));
            step.credential_id = None;
            if is_webhook || usable.iter().any(|credential| credential.id == original.id) {
                let known = copies.iter().find(|copy| copy.original.id == original.id).map(|copy| copy.id);
                let copy = known.unwrap_or_else(|| self.clock.new_id());
                step.credential_id = Some(copy);
                if known.is_none() {
                    copies.push(CredentialCopy { original: original.clone(), id: copy });
                }
            }
        }
        Ok(copies)
    }
}
