//! Authenticates a bearer token as an actor.

use sea_orm::{DbBackend, FromQueryResult, Statement};
use sha2::{Digest as _, Sha256};
use triptych_entities::ids::{ApiTokenId, OrganizationId, UserId};
use triptych_stores::access::{Action, Actor, Grant, Proof, subjects};
use triptych_stores::error::Result;

use super::{Identity, roles::BuiltIn};

/// The caller's role, and one of the grants that the organization gave it. A built-in role has none.
#[derive(FromQueryResult)]
struct RoleRow {
    key: String,
    action: Option<String>,
    subject: Option<String>,
    only_own: Option<bool>,
}

#[derive(FromQueryResult)]
struct TokenRow {
    id: ApiTokenId,
    organization_id: OrganizationId,
    user_id: UserId,
    scopes: Vec<String>,
}

impl Identity {
    /// Finds the actor of a session token or an API token. `None` for a token that is unknown, revoked or expired,
    /// and for a user who has left the organization.
    ///
    /// # Errors
    /// If a database does not answer.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Actor>> {
        if token.starts_with(super::tokens::PREFIX) {
            return self.by_api_token(token).await;
        }
        let Some(session) = self.sessions.touch(token).await? else { return Ok(None) };
        let proof = Proof::Session(session.id);
        self.actor(session.user_id, session.organization_id, proof, None).await
    }

    async fn by_api_token(&self, token: &str) -> Result<Option<Actor>> {
        let sql = "SELECT id, organization_id, user_id, scopes FROM api_tokens
                   WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > $2)";
        let hash = Sha256::digest(token).to_vec();
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, sql, [hash.into(), self.clock.now().into()]);
        let Some(row) = TokenRow::find_by_statement(statement).one(&self.stores.pg).await? else {
            return Ok(None);
        };
        self.note_use(row.id).await?;
        self.actor(row.user_id, row.organization_id, Proof::ApiToken, Some(&row.scopes)).await
    }

    async fn actor(
        &self,
        user: UserId,
        organization: OrganizationId,
        proof: Proof,
        scopes: Option<&[String]>,
    ) -> Result<Option<Actor>> {
        let sql = "SELECT r.key, p.action, p.subject, p.only_own
                   FROM memberships m JOIN roles r ON r.id = m.role_id LEFT JOIN permissions p ON p.role_id = r.id
                   WHERE m.user_id = $1 AND m.organization_id = $2";
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, sql, [user.into(), organization.into()]);
        let rows = RoleRow::find_by_statement(statement).all(&self.stores.pg).await?;
        let Some(role) = rows.first() else { return Ok(None) };
        let built_in = BuiltIn::by_key(&role.key).map(BuiltIn::grants).unwrap_or_default();
        let granted = built_in.into_iter().chain(rows.iter().filter_map(grant));
        let grants = granted.flat_map(|grant| limited(grant, scopes)).collect();
        Ok(Some(Actor { user, organization, grants, proof }))
    }
}

/// A permission that this version does not know grants nothing.
fn grant(row: &RoleRow) -> Option<Grant> {
    Some(Grant {
        action: Action::by_name(row.action.as_deref()?)?,
        subject: subjects::by_name(row.subject.as_deref()?)?,
        only_own: row.only_own?,
    })
}

/// Limits a permission to the scopes of a token. Without scopes the permission is not limited.
fn limited(grant: Grant, scopes: Option<&[String]>) -> Vec<Grant> {
    let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) else { return vec![grant] };
    let asked = scopes.iter().filter_map(|scope| {
        let (action, subject) = scope.split_once(':')?;
        Some((Action::by_name(action)?, subjects::by_name(subject)?))
    });
    asked
        .filter(|(_, subject)| *subject == grant.subject)
        .filter_map(|(action, _)| match (grant.action, action) {
            (_, Action::Manage) => Some(grant),
            (Action::Manage, action) => Some(Grant { action, ..grant }),
            (granted, action) => (granted == action).then_some(grant),
        })
        .collect()
}
