//! The audit log.

use async_graphql::{Context, ID, InputObject, Json, Object};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::{
    ids::{ApiTokenId, AuditEventId, SessionId, UserId},
    relational::identity::audit_event,
};
use triptych_services::{audit, error::Invalid};

use super::User;
use crate::{
    automation::executions::DateTimeRange,
    connection::{Connection, page_args},
    context::{ContextExt as _, parse_id_opt},
    errors::Result,
    loaders::Caller,
    node::{Fetched, NodeType, load_opt},
    output::Id,
};

pub struct AuditEvent(audit_event::Model);

/// A record of a change: who, what, from where.
#[Object(crate = "crate::output")]
impl AuditEvent {
    /// `audit_…`
    fn id(&self) -> Id<AuditEventId> {
        Id(self.0.id)
    }

    /// What happened: the kind of object and the change, such as `flow.publish` or `session.refuse` (a wrong password).
    fn action(&self) -> &str {
        &self.0.action
    }

    /// The user who did it; null if nobody was signed in, or the user is no member any more.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        load_opt(ctx, self.0.user_id).await
    }

    /// The id of the user who did it; null if nobody was signed in.
    fn actor_id(&self) -> Option<Id<UserId>> {
        self.0.user_id.map(Id)
    }

    /// The id of the session with which it was done.
    fn session_id(&self) -> Option<Id<SessionId>> {
        self.0.session_id.map(Id)
    }

    /// The id of the API token with which it was done.
    fn token_id(&self) -> Option<Id<ApiTokenId>> {
        self.0.token_id.map(Id)
    }

    /// The id of the object that was changed, which may not exist any more.
    fn target_id(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The object before the change, without secrets.
    fn before(&self) -> Option<Json<Value>> {
        self.0.before.clone().map(Json)
    }

    /// The object after the change, without secrets.
    fn after(&self) -> Option<Json<Value>> {
        self.0.after.clone().map(Json)
    }

    /// The address of the client.
    fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The user agent of the client, up to 500 characters.
    fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// How often it happened. Wrong passwords for one account within ten minutes are one event.
    fn count(&self) -> i32 {
        self.0.count
    }

    /// When it happened, for the first time.
    fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl NodeType for AuditEvent {
    type Id = AuditEventId;
    type Row = audit_event::Model;
    const NOUN: &'static str = "event";

    async fn fetch(caller: &Caller, ids: &[AuditEventId]) -> Fetched<Self::Row> {
        caller.services.audit.by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> AuditEventId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}

/// A filter of the audit log. All given conditions must hold.
#[derive(InputObject, Default)]
pub struct AuditEventFilter {
    /// The id of the user who did it.
    pub actor_id: Option<ID>,
    /// The action, such as `flow.publish`.
    pub action: Option<String>,
    /// The id of the object that was changed, of any kind.
    pub target_id: Option<ID>,
    /// When it happened.
    pub created_at: Option<DateTimeRange>,
}

impl AuditEventFilter {
    fn parse(self) -> Result<audit::AuditFilter, Invalid> {
        let (from, to) = self.created_at.map_or((None, None), |range| (range.from, range.to));
        Ok(audit::AuditFilter {
            actor: parse_id_opt("filter.actorId", self.actor_id.as_ref())?,
            action: self.action,
            target: self.target_id.map(|id| id.0),
            from,
            to,
        })
    }
}

/// Queries of the audit log.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Lists the changes that were made in the organization, newest first, for those who may read the audit log; for
    /// other members those that they made themselves.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: Option<AuditEventFilter>,
        #[graphql(desc = "The number of items from the start; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Returns items after this cursor.")] after: Option<String>,
        #[graphql(desc = "The number of items from the end; maximum 100.")] last: Option<i32>,
        #[graphql(desc = "Returns items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let filter = filter.unwrap_or_default().parse()?;
        let args = page_args(first, after, last, before);
        let page = ctx.services().audit.list(ctx.actor()?, &filter, &args).await?;
        Ok(Connection::of(page, AuditEvent))
    }
}
