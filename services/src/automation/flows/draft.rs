//! Creates flows and changes their drafts.

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, IntoActiveModel as _, QueryFilter as _,
    QuerySelect as _, Set, SqlErr,
};
use triptych_entities::{
    ids::{CredentialId, FlowId},
    relational::automation::{credential, flow, flow_version},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    collections::Change,
    error::{Invalid, Problem, Result, ServiceError},
    fetch::Fetch as _,
    postgres::Transaction,
};

use super::{Flows, spec::GraphSpec, store::NewVersion, validate::Strictness, webhook_secret::Moved};
use crate::{
    automation::credentials::{CredentialCopy, WebhookSecret},
    input::{ClientId, FlowName, FlowNotes, Problems},
};

/// A flow to create.
#[derive(Debug, Clone)]
pub struct NewFlow {
    pub name: String,
    pub notes: Option<String>,
    /// Idempotency key: a repeated call of the same user with the same value returns the first flow.
    pub client_id: Option<String>,
    pub graph: GraphSpec,
}

/// Changes of a flow and its draft. What is not given does not change.
#[derive(Debug, Clone, Default)]
pub struct FlowChanges {
    pub name: Option<String>,
    pub notes: Change<String>,
    pub graph: Option<GraphSpec>,
}

impl Flows {
    /// Creates a flow with its whole draft in one transaction.
    ///
    /// # Errors
    /// `Invalid` with one entry for each problem.
    #[tracing::instrument(skip_all)]
    pub async fn create(&self, actor: &Actor, input: NewFlow) -> Result<flow::Model> {
        self.create_with(actor, input, &[]).await
    }

    /// Creates a flow, with copies of these credentials, to which its graph refers already.
    pub(super) async fn create_with(
        &self,
        actor: &Actor,
        input: NewFlow,
        copies: &[CredentialCopy],
    ) -> Result<flow::Model> {
        let scope = actor.scope(Action::Create, Subject::Flow)?;
        let mut problems = Problems::default();
        let client_id =
            problems.parsed("clientId", input.client_id.as_deref().map(ClientId::parse).transpose());
        if let Some(existing) = self.by_client_id(actor, client_id.as_ref().and_then(Option::as_ref)).await? {
            return Ok(existing);
        }
        let name = problems.parsed("name", FlowName::parse(&input.name));
        let notes = problems.parsed("notes", input.notes.as_deref().map(FlowNotes::parse).transpose());
        let graph = problems.checked(self.validator().check(&input.graph, Strictness::Draft));
        let moved = problems.checked(Moved::of(&input.graph, &self.catalog, || self.clock.new_id()));
        let ((((client_id, name), notes), graph), moved) =
            problems.finish(client_id.zip(name).zip(notes).zip(graph).zip(moved))?;
        let graph = match &moved {
            Some(moved) => self.validator().check(&moved.graph, Strictness::Draft)?,
            None => graph,
        };
        let now = self.clock.now();
        let id: FlowId = self.clock.new_id();
        let tx = self.stores.pg.begin().await?;
        check_credentials(&tx, actor, Whose::New(copies), &input.graph).await?;
        // The flow and its draft refer to each other; that constraint is checked at commit.
        let draft = self.clock.new_id();
        let row = flow::ActiveModel {
            id: Set(id),
            organization_id: Set(scope.organization()),
            owner_id: Set(actor.user),
            name: Set(name.into_string()),
            notes: Set(notes.map(FlowNotes::into_string)),
            status: Set(flow::Status::Draft),
            client_id: Set(client_id.clone().map(ClientId::into_string)),
            draft_version_id: Set(draft),
            published_version_id: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        let created = match row.insert(&tx).await {
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                // The same call was made at the same time and has created the flow.
                drop(tx);
                let existing = self.by_client_id(actor, client_id.as_ref()).await?;
                return existing.ok_or(ServiceError::conflict(
                    "another call with this clientId is under way; try again",
                ));
            }
            other => other?,
        };
        self.insert_credentials(&tx, &created, copies, moved.as_ref()).await?;
        let version = NewVersion { id: draft, organization: scope.organization(), flow: id, number: 1 };
        self.write_version(&tx, version, &graph).await?;
        self.insert_webhook(&tx, &created).await?;
        tx.commit().await?;
        Ok(created)
    }

    async fn by_client_id(&self, actor: &Actor, client_id: Option<&ClientId>) -> Result<Option<flow::Model>> {
        let Some(client_id) = client_id else { return Ok(None) };
        // An idempotency key is valid for its creator, also if the scope of the caller is the whole organization.
        let own = Scope::own(actor.organization, actor.user);
        let query = flow::Entity::within(own).filter(flow::Column::ClientId.eq(client_id.as_str()));
        Ok(query.one(&self.stores.pg).await?)
    }

    /// Updates the name and the draft of a flow, if given. The published version does not change.
    ///
    /// # Errors
    /// `Invalid`; `NotFound` also for another organization's flow.
    #[tracing::instrument(skip_all, fields(flow.id = %id))]
    pub async fn update_draft(&self, actor: &Actor, id: FlowId, changes: FlowChanges) -> Result<flow::Model> {
        let FlowChanges { name, notes, graph } = changes;
        let scope = actor.scope(Action::Update, Subject::Flow)?;
        let mut problems = Problems::default();
        let name = problems.parsed("name", name.as_deref().map(FlowName::parse).transpose());
        let notes = problems.parsed("notes", notes.try_map(|notes| FlowNotes::parse(&notes)));
        let valid = graph.as_ref().map(|graph| self.validator().check(graph, Strictness::Draft));
        let valid = problems.checked(valid.transpose());
        let moved = graph.as_ref().map(|graph| Moved::of(graph, &self.catalog, || self.clock.new_id()));
        let moved = problems.checked(moved.transpose().map(Option::flatten));
        let (((name, notes), valid), moved) = problems.finish(name.zip(notes).zip(valid).zip(moved))?;
        let tx = self.stores.pg.begin().await?;
        let flow = super::find::for_update(&tx, scope, id).await?;
        let previous = flow.draft_version_id;
        let mut row = flow.clone().into_active_model();
        if let Some(name) = name {
            row.name = Set(name.into_string());
        }
        match notes {
            Change::Keep => {}
            Change::Clear => row.notes = Set(None),
            Change::Set(notes) => row.notes = Set(Some(notes.into_string())),
        }
        if let (Some(graph), Some(valid)) = (&graph, &valid) {
            check_credentials(&tx, actor, Whose::Stored(id), graph).await?;
            let number = next_number(&tx, scope, id).await?;
            let draft = self.clock.new_id();
            let version = NewVersion { id: draft, organization: actor.organization, flow: id, number };
            match moved {
                Some(moved) => {
                    let moved = self.store_secret(&tx, actor, &flow, moved).await?;
                    let valid = self.validator().check(&moved.graph, Strictness::Draft)?;
                    self.write_version(&tx, version, &valid).await?;
                }
                None => self.write_version(&tx, version, valid).await?,
            }
            row.draft_version_id = Set(draft);
        }
        row.updated_at = Set(self.clock.now());
        let updated = row.update(&tx).await?;
        if updated.draft_version_id != previous {
            super::find::delete_unused_version(&tx, scope, previous).await?;
        }
        tx.commit().await?;
        Ok(updated)
    }

    /// Stores the credentials of a new flow: copies, and the secret of its webhook.
    async fn insert_credentials(
        &self,
        tx: &Transaction,
        flow: &flow::Model,
        copies: &[CredentialCopy],
        moved: Option<&Moved>,
    ) -> Result<()> {
        for copy in copies {
            self.credentials.copy(tx, copy, flow.id, flow.owner_id).await?;
        }
        if let Some(Moved { credential, secret, .. }) = moved {
            let (organization, owner) = (flow.organization_id, flow.owner_id);
            let webhook = WebhookSecret { organization, owner, flow: flow.id, secret };
            self.credentials.add_webhook_secret(tx, *credential, webhook).await?;
        }
        Ok(())
    }

    /// Stores the secret of a webhook, unless the draft has it already.
    async fn store_secret(
        &self,
        tx: &Transaction,
        actor: &Actor,
        flow: &flow::Model,
        mut moved: Moved,
    ) -> Result<Moved> {
        let webhook = WebhookSecret {
            organization: flow.organization_id,
            owner: actor.user,
            flow: flow.id,
            secret: &moved.secret,
        };
        let graph = self.graphs.load(tx, flow.draft_version_id).await?;
        let current = graph.trigger().and_then(|trigger| trigger.credential_id);
        if let Some(current) = current
            && self.credentials.is_webhook_secret(tx, &webhook, current).await?
        {
            moved.refer_to(current);
        } else {
            self.credentials.add_webhook_secret(tx, moved.credential, webhook).await?;
        }
        Ok(moved)
    }
}

/// The number of the flow's next version. Versions count up from 1, and no number is used twice.
async fn next_number(tx: &impl ConnectionTrait, scope: Scope, flow: FlowId) -> Result<i32> {
    let highest: Option<Option<i32>> = flow_version::Entity::within(scope)
        .select_only()
        .column_as(flow_version::Column::Number.max(), "number")
        .filter(flow_version::Column::FlowId.eq(flow))
        .into_tuple()
        .one(tx)
        .await?;
    Ok(highest.flatten().unwrap_or(0) + 1)
}

/// The flow whose credentials are checked.
#[derive(Clone, Copy)]
enum Whose<'a> {
    Stored(FlowId),
    /// A new flow, with copies of credentials, which are stored after it.
    New(&'a [CredentialCopy]),
}

impl Whose<'_> {
    fn is(self, flow: FlowId) -> bool {
        matches!(self, Self::Stored(id) if id == flow)
    }

    fn is_copy(self, credential: CredentialId) -> bool {
        matches!(self, Self::New(copies) if copies.iter().any(|copy| copy.id == credential))
    }
}

/// Checks that the caller may use the credentials of the graph, and that they are for this flow and for the integrations
/// of their steps.
async fn check_credentials(
    tx: &impl ConnectionTrait,
    actor: &Actor,
    whose: Whose<'_>,
    graph: &GraphSpec,
) -> Result<()> {
    let wanted: Vec<_> = graph.steps.iter().filter_map(|step| step.credential_id).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = match actor.scope(Action::Use, Subject::Credential) {
        Ok(scope) => {
            let query = credential::Entity::within(scope).filter(credential::Column::Id.is_in(wanted));
            query.fetch(tx).await?
        }
        Err(_) => Vec::new(),
    };
    let problems = graph.steps.iter().enumerate().filter_map(|(index, step)| {
        let id = step.credential_id.filter(|id| !whose.is_copy(*id))?;
        let path = format!("steps.{index}.credentialId");
        match found.iter().find(|credential| credential.id == id) {
            None => Some(Problem::new(path, "no such credential, or you may not use it (`use:credential`)")),
            Some(credential) if credential.flow_id.is_some_and(|id| !whose.is(id)) => {
                Some(Problem::new(path, "this credential belongs to another flow"))
            }
            Some(credential) if credential.integration != step.integration => {
                let message = format!("this credential is for `{}`", credential.integration);
                Some(Problem::new(path, message))
            }
            Some(_) => None,
        }
    });
    Ok(Invalid::check(problems.collect())?)
}
