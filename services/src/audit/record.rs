//! Writes records, in the transactions of the changes that they are about.

use std::fmt::Display;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;
use triptych_entities::{
    ids::{ApiTokenId, AuditEventId, OrganizationId, SessionId, UserId},
    payloads::session::Session,
};
use triptych_stores::{
    access::{Actor, Origin, Proof},
    clock::Clock,
    error::StoreError,
};

use super::AuditAction;

/// Characters of a user agent that are stored.
const USER_AGENT: usize = 500;

/// Who caused a change, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    organization: OrganizationId,
    user: Option<UserId>,
    session: Option<SessionId>,
    token: Option<ApiTokenId>,
    origin: &'a Origin,
}

impl<'a> Who<'a> {
    /// Nobody who is known.
    pub(crate) fn nobody(organization: OrganizationId, origin: &'a Origin) -> Self {
        Self { organization, user: None, session: None, token: None, origin }
    }

    /// A user who has no session yet.
    pub(crate) fn user(organization: OrganizationId, user: UserId, origin: &'a Origin) -> Self {
        Self { organization, user: Some(user), session: None, token: None, origin }
    }

    /// The user of a new session.
    pub(crate) fn session(session: &Session, origin: &'a Origin) -> Self {
        let (organization, user) = (session.organization_id, Some(session.user_id));
        Self { organization, user, session: Some(session.id), token: None, origin }
    }
}

impl<'a> From<&'a Actor> for Who<'a> {
    fn from(actor: &'a Actor) -> Self {
        let (session, token) = match actor.proof {
            Proof::Session(id) => (Some(id), None),
            Proof::ApiToken(id) => (None, Some(id)),
        };
        let (organization, user) = (actor.organization, Some(actor.user));
        Self { organization, user, session, token, origin: &actor.origin }
    }
}

/// What happened. Values never contain secrets.
#[derive(Debug)]
pub(crate) struct Entry {
    action: AuditAction,
    target: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
    repeat: Option<String>,
}

impl Entry {
    pub(crate) fn of(action: AuditAction) -> Self {
        Self { action, target: None, before: None, after: None, repeat: None }
    }

    /// The object that was changed.
    pub(crate) fn target(mut self, id: impl Display) -> Self {
        self.target = Some(id.to_string());
        self
    }

    /// The object before the change.
    pub(crate) fn before(mut self, value: Value) -> Self {
        self.before = Some(value);
        self
    }

    /// The object after the change.
    pub(crate) fn after(mut self, value: Value) -> Self {
        self.after = Some(value);
        self
    }

    /// Events with the same key are counted in one row.
    pub(crate) fn counted(mut self, key: String) -> Self {
        self.repeat = Some(key);
        self
    }
}

/// Writes a record. Given the transaction of the change, both are stored or neither.
///
/// # Errors
/// If PostgreSQL does not answer.
pub(crate) async fn record(
    tx: &impl ConnectionTrait,
    clock: &Clock,
    who: impl Into<Who<'_>>,
    entry: Entry,
) -> Result<(), StoreError> {
    let Who { organization, user, session, token, origin } = who.into();
    let sql = "INSERT INTO audit_events (id, organization_id, action, user_id, session_id, token_id, target, before,
                                         after, address, user_agent, repeat_key, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
               ON CONFLICT (organization_id, repeat_key) WHERE repeat_key IS NOT NULL
               DO UPDATE SET count = audit_events.count + 1";
    let id: AuditEventId = clock.new_id();
    let agent = origin.user_agent.as_deref().map(|agent| agent.chars().take(USER_AGENT).collect::<String>());
    let values: [sea_orm::Value; 13] = [
        id.into(),
        organization.into(),
        entry.action.name().into(),
        user.into(),
        session.into(),
        token.into(),
        entry.target.into(),
        entry.before.into(),
        entry.after.into(),
        origin.address.map(|address| address.to_string()).into(),
        agent.into(),
        entry.repeat.into(),
        clock.now().into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(())
}
