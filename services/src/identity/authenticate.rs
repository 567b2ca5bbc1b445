//! Authenticates a bearer token as an actor.

use sea_orm::{DbBackend, FromQueryResult, Statement};
use sha2::{Digest as _, Sha256};
use triptych_entities::ids::{ApiTokenId, OrganizationId, UserId};
use triptych_stores::access::{Action, Actor, Grant, Origin, Proof, subjects};
use triptych_stores::error::Result;

use super::{Identity, roles::BuiltIn, scopes::TokenScope};

/// The caller's role, and one of the grants that the organization gave it. A built-in role has none.
#[derive(FromQueryResult)]
struct RoleRow {
    key: String,
    session_epoch: i32,
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
    pub async fn authenticate(&self, token: &str, origin: &Origin) -> Result<Option<Actor>> {
        let credential = if token.starts_with(super::tokens::PREFIX) {
            self.by_api_token(token).await?
        } else {
            let session = self.sessions.touch(token).await?;
            session.map(|session| Credential {
                user: session.user_id,
                organization: session.organization_id,
                proof: Proof::Session(session.id),
                limit: Limit::Epoch(session.epoch),
            })
        };
        match credential {
            Some(credential) => self.actor(credential, origin).await,
            None => Ok(None),
        }
    }

    async fn by_api_token(&self, token: &str) -> Result<Option<Credential>> {
        let sql = "SELECT id, organization_id, user_id, scopes FROM api_tokens
                   WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > $2)";
        let hash = Sha256::digest(token).to_vec();
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, sql, [hash.into(), self.clock.now().into()]);
        let Some(row) = TokenRow::find_by_statement(statement).one(&self.stores.pg).await? else {
            return Ok(None);
        };
        self.note_use(row.id).await?;
        Ok(Some(Credential {
            user: row.user_id,
            organization: row.organization_id,
            proof: Proof::ApiToken(row.id),
            limit: Limit::Scopes(row.scopes),
        }))
    }

    async fn actor(&self, credential: Credential, origin: &Origin) -> Result<Option<Actor>> {
        let Credential { user, organization, proof, limit } = credential;
        let sql = "SELECT r.key, u.session_epoch, p.action, p.subject, p.only_own
                   FROM memberships m JOIN roles r ON r.id = m.role_id JOIN users u ON u.id = m.user_id
                   LEFT JOIN permissions p ON p.role_id = r.id
                   WHERE m.user_id = $1 AND m.organization_id = $2";
        let statement =
            Statement::from_sql_and_values(DbBackend::Postgres, sql, [user.into(), organization.into()]);
        let rows = RoleRow::find_by_statement(statement).all(&self.stores.pg).await?;
        let Some(role) = rows.first() else { return Ok(None) };
        if matches!(limit, Limit::Epoch(epoch) if epoch != role.session_epoch) {
            return Ok(None);
        }
        let built_in = BuiltIn::by_key(&role.key).map(BuiltIn::grants).unwrap_or_default();
        let granted = built_in.into_iter().chain(rows.iter().filter_map(grant));
        let grants = match limit {
            Limit::Epoch(_) => granted.collect(),
            Limit::Scopes(scopes) => granted.flat_map(|grant| TokenScope::limit(grant, &scopes)).collect(),
        };
        Ok(Some(Actor { user, organization, grants, proof, origin: origin.clone() }))
    }
}

/// A session or an API token that is valid by itself.
struct Credential {
    user: UserId,
    organization: OrganizationId,
    proof: Proof,
    limit: Limit,
}

/// How a credential is limited by its user.
enum Limit {
    /// It ends with the epoch of the user's sessions.
    Epoch(i32),
    /// It has these scopes of the user's permissions.
    Scopes(Vec<String>),
}

/// A permission that this version does not know grants nothing.
fn grant(row: &RoleRow) -> Option<Grant> {
    Some(Grant {
        action: Action::by_name(row.action.as_deref()?)?,
        subject: subjects::by_name(row.subject.as_deref()?)?,
        only_own: row.only_own?,
    })
}
