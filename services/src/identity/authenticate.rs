//! Authenticates a bearer token as an actor.

use sea_orm::{DbBackend, FromQueryResult, Statement};
use sha2::{Digest as _, Sha256};
use triptych_entities::ids::{ApiTokenId, OrganizationId, UserId};
use triptych_stores::access::{Action, Actor, Grant, Proof, Subject};
use triptych_stores::error::{Result, StoreError};

use super::Identity;

#[derive(FromQueryResult)]
struct GrantRow {
    action: String,
    subject: String,
    only_own: bool,
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
            Statement::from_sql_and_values(DbBackend::Postgres, sql, [hash.into(), self.mint.now().into()]);
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
        let sql = "SELECT p.action, p.subject, p.only_own
                   FROM memberships m JOIN permissions p ON p.role_id = m.role_id
                   WHERE m.user_id = $1 AND m.organization_id = $2";
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, sql, [user.into(), organization.into()]);
        let rows =
            GrantRow::find_by_statement(statement).all(&self.stores.pg).await.map_err(StoreError::from)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let grants = rows.iter().filter_map(grant).flat_map(|grant| limited(grant, scopes)).collect();
        Ok(Some(Actor { user, organization, grants, proof }))
    }
}

/// Parses a stored permission. A permission that this version does not know grants nothing.
fn grant(row: &GrantRow) -> Option<Grant> {
    Some(Grant {
        action: Action::by_name(&row.action)?,
        subject: Subject::by_name(&row.subject)?,
        only_own: row.only_own,
    })
}

/// Limits a permission to the scopes of a token. Without scopes the permission is not limited.
fn limited(grant: Grant, scopes: Option<&[String]>) -> Vec<Grant> {
    let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) else { return vec![grant] };
    let asked = scopes.iter().filter_map(|scope| {
        let (action, subject) = scope.split_once(':')?;
        Some((Action::by_name(action)?, Subject::by_name(subject)?))
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
