//! The sessions of the caller: list, end, switch.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _,
    sea_query::{Expr, ExprTrait as _},
};
use triptych_entities::{
    ids::{OrganizationId, SessionId, UserId},
    payloads::session::Session,
    relational::identity::{membership, user},
};
use triptych_stores::{
    access::{Action, Actor, Origin, Proof, Scope, Scoped as _, Subject},
    error::{Denied, Result, ServiceError},
    page::{Cut, KeyKind, Page, PageArgs, Window},
    postgres::Transaction,
};

use super::{Identity, IssuedSession};
use crate::audit::{AuditAction, Entry, Who, record};

impl Identity {
    /// Starts a session and records it. The caller has authenticated the user.
    ///
    /// # Errors
    /// If a database does not answer.
    pub async fn open_session(
        &self,
        user: UserId,
        organization: OrganizationId,
        origin: &Origin,
    ) -> Result<IssuedSession> {
        let found = user::Entity::find_by_id(user).one(&self.stores.pg).await?;
        let found = found.ok_or(ServiceError::NotFound("user"))?;
        self.open_session_of(&found, organization, origin).await
    }

    /// As [`Identity::open_session`], for a user as they were when their password was checked: if they have changed it
    /// since, the session is invalid.
    pub(super) async fn open_session_of(
        &self,
        user: &user::Model,
        organization: OrganizationId,
        origin: &Origin,
    ) -> Result<IssuedSession> {
        let session = self.sessions.prepare(user.id, organization, user.session_epoch, origin);
        // Before the session begins: a session without a record would be worse than a record without a session.
        let entry = Entry::of(AuditAction::SignIn).target(session.id);
        record(&self.stores.pg, &self.clock, Who::session(&session, origin), entry).await?;
        Ok(self.sessions.start(session).await?)
    }

    /// The sessions of the caller, newest first.
    ///
    /// # Errors
    /// `Denied` for an API token without the scope.
    pub async fn sessions_of(&self, actor: &Actor) -> Result<Vec<Session>> {
        own_access(actor, Action::Read, Subject::Session)?;
        Ok(self.sessions.list(actor.user).await?)
    }

    /// A page of the sessions of the caller, newest first.
    ///
    /// # Errors
    /// As [`Identity::sessions_of`]; `Invalid` for wrong page arguments.
    pub async fn sessions_page(&self, actor: &Actor, args: &PageArgs) -> Result<Page<Session>> {
        let window = Window::parse(args, "sessions", &[KeyKind::Id])?;
        let sessions = self.sessions_of(actor).await?;
        let cut = Cut::of(sessions.iter().map(|session| session.id).collect(), &window)?;
        Ok(cut.into_page(|id| sessions.iter().find(|session| session.id == *id).cloned()))
    }

    /// Ends a session of the caller; without an id the current one. Has no effect if there is no such session.
    ///
    /// # Errors
    /// `Denied` for an API token without the scope.
    #[tracing::instrument(skip_all)]
    pub async fn sign_out(&self, actor: &Actor, session: Option<SessionId>) -> Result<()> {
        let id = match (session, &actor.proof) {
            (Some(id), _) => id,
            (None, Proof::Session(id)) => *id,
            (None, Proof::ApiToken(_)) => return Ok(()),
        };
        own_access(actor, Action::Delete, Subject::Session)?;
        if self.sessions.list(actor.user).await?.iter().any(|session| session.id == id) {
            record(&self.stores.pg, &self.clock, actor, Entry::of(AuditAction::EndSession).target(id))
                .await?;
            self.sessions.end(actor.user, id).await?;
        }
        Ok(())
    }

    /// Ends all sessions of the caller, in all organizations. Repeating it has no further effect. Returns the current
    /// session.
    ///
    /// # Errors
    /// `Denied` for an API token without the scope.
    #[tracing::instrument(skip_all)]
    pub async fn sign_out_everywhere(&self, actor: &Actor) -> Result<Option<SessionId>> {
        own_access(actor, Action::Delete, Subject::Session)?;
        let tx = self.stores.pg.begin().await?;
        self.begin_epoch(&tx, actor.user).await?;
        record(&tx, &self.clock, actor, Entry::of(AuditAction::EndAllSessions).target(actor.user)).await?;
        tx.commit().await?;
        self.forget_sessions(actor.user).await;
        Ok(actor.session())
    }

    /// Invalidates all sessions of a user, once the transaction is committed.
    pub(super) async fn begin_epoch(&self, tx: &Transaction, user: UserId) -> Result<()> {
        user::Entity::update_many()
            .col_expr(user::Column::SessionEpoch, Expr::col(user::Column::SessionEpoch).add(1))
            .filter(user::Column::Id.eq(user))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Removes sessions that are invalid already, so that open connections end within seconds.
    pub(super) async fn forget_sessions(&self, user: UserId) {
        if let Err(error) = self.sessions.end_all(user).await {
            tracing::warn!(%error, user.id = %user, "invalid sessions stay listed until they expire");
        }
    }

    /// Continues in another organization of the caller: ends the session and starts one there.
    ///
    /// # Errors
    /// `NotFound` for an organization that the caller is no member of; `Denied` for an API token.
    #[tracing::instrument(skip_all)]
    pub async fn switch_organization(&self, actor: &Actor, to: OrganizationId) -> Result<IssuedSession> {
        let current = actor.session().ok_or(Denied { action: Action::Create, subject: Subject::Session })?;
        let member = membership::Entity::within(Scope::own(to, actor.user)).one(&self.stores.pg).await?;
        if member.is_none() {
            return Err(ServiceError::NotFound("organization"));
        }
        let issued = self.open_session(actor.user, to, &actor.origin).await?;
        self.sign_out(actor, Some(current)).await?;
        Ok(issued)
    }
}

/// Checks access of the caller to what is their own whatever their role is. API tokens need the scope.
///
/// # Errors
/// `Denied` for an API token without the scope.
pub(super) fn own_access(actor: &Actor, action: Action, subject: Subject) -> Result<(), Denied> {
    match actor.proof {
        Proof::Session(_) => Ok(()),
        Proof::ApiToken(_) => actor.scope(action, subject).map(drop),
    }
}
