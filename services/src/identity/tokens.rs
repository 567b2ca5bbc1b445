//! API tokens: long-lived secrets for programs. The secret is returned once; only its hash is stored.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait as _, DbBackend, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, Set, Statement,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use triptych_entities::{ids::ApiTokenId, relational::identity::api_token};
use triptych_stores::{
    access::{Action, Actor, Proof, Scope, Scoped as _, Subject},
    error::{Result, ServiceError},
    fetch::Fetch as _,
};

use super::{Identity, own_sessions::own_access, scopes::TokenScope};
use crate::{
    audit::{AuditAction, Entry, record},
    input::{Name, Problems},
};

/// What every API token begins with, so that secret scanners can find a leaked one.
pub(super) const PREFIX: &str = "tri_";
/// Interval at which `last_used_at` is updated, to avoid a write with each request.
const USE_RESOLUTION_SECONDS: i64 = 60;
/// Tokens of a user in an organization.
const MOST: u64 = 100;
/// Scopes of a token.
const MOST_SCOPES: usize = 100;

/// The input of `create_token`.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    pub name: String,
    /// `action:subject` pairs; empty means the permissions of the user, except those that govern access.
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Identity {
    /// Creates a token and returns its secret, which is not stored. Not idempotent.
    ///
    /// Its scopes are cut to the permissions of the caller. A token that is made by a token ends with it.
    ///
    /// # Errors
    /// `Invalid`, also for a scope of which nothing is left; `Denied` if the caller may not make API tokens.
    #[tracing::instrument(skip_all)]
    pub async fn create_api_token(
        &self,
        actor: &Actor,
        input: NewApiToken,
    ) -> Result<(api_token::Model, String)> {
        let scope = actor.scope(Action::Create, Subject::ApiToken)?;
        let (name, scopes) = self.parse(actor, &input)?;
        let maker = self.maker(actor).await?;
        let until = maker.as_ref().and_then(|maker| maker.expires_at);
        let own = api_token::Entity::within(Scope::own(scope.organization(), actor.user));
        if own.count(&self.stores.pg).await? >= MOST {
            return Err(ServiceError::limit(format!(
                "a user can have at most {MOST} API tokens; delete one first"
            )));
        }
        let secret = format!("{PREFIX}{}", self.clock.new_secret());
        let tx = self.stores.pg.begin().await?;
        let row = api_token::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(scope.organization()),
            user_id: Set(actor.user),
            name: Set(name.into_string()),
            token_hash: Set(Sha256::digest(&secret).to_vec()),
            scopes: Set(scopes.iter().map(ToString::to_string).collect()),
            expires_at: Set([input.expires_at, until].into_iter().flatten().min()),
            last_used_at: Set(None),
            created_at: Set(self.clock.now()),
            maker_id: Set(maker.map(|maker| maker.id)),
        }
        .insert(&tx)
        .await?;
        let entry = Entry::of(AuditAction::CreateApiToken).target(row.id).after(shown(&row));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        Ok((row, secret))
    }

    fn parse(&self, actor: &Actor, input: &NewApiToken) -> Result<(Name, Vec<TokenScope>)> {
        let mut problems = Problems::default();
        let name = problems.parsed("name", Name::parse(&input.name));
        if input.expires_at.is_some_and(|at| at <= self.clock.now()) {
            problems.add("expiresAt", "must be in the future");
        }
        if input.scopes.len() > MOST_SCOPES {
            problems.add("scopes", format!("at most {MOST_SCOPES}"));
            return Err(problems.invalid());
        }
        let mut scopes = Vec::new();
        for (n, text) in input.scopes.iter().enumerate() {
            let scope = problems.parsed(format!("scopes.{n}"), TokenScope::parse(text));
            let cut = scope.map(|scope| scope.cut(&actor.grants)).unwrap_or_default();
            if scope.is_some() && cut.is_empty() {
                problems.add(format!("scopes.{n}"), "you do not have this permission yourself");
            }
            scopes.extend(cut.into_iter().filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>());
        }
        // Without scopes, a token has what its user has at each time; that of a token is what the token has now.
        if input.scopes.is_empty() && actor.session().is_none() {
            scopes = TokenScope::of(&actor.grants);
            if scopes.is_empty() {
                problems.add("scopes", "the token has no permissions that it can pass on; name them");
            }
        }
        Ok((problems.finish(name)?, scopes))
    }

    /// The token that makes a token.
    async fn maker(&self, actor: &Actor) -> Result<Option<api_token::Model>> {
        let Proof::ApiToken(id) = actor.proof else { return Ok(None) };
        let own = api_token::Entity::within(Scope::own(actor.organization, actor.user));
        let maker = own.filter(api_token::Column::Id.eq(id)).one(&self.stores.pg).await?;
        maker.map(Some).ok_or(ServiceError::Unauthenticated("the token was deleted"))
    }

    /// Lists the tokens of the caller, newest first.
    ///
    /// # Errors
    /// `Denied` for an API token without the scope.
    pub async fn api_tokens(&self, actor: &Actor) -> Result<Vec<api_token::Model>> {
        own_access(actor, Action::Read, Subject::ApiToken)?;
        Ok(api_token::Entity::within(Scope::own(actor.organization, actor.user))
            .order_by_desc(api_token::Column::Id)
            .fetch(&self.stores.pg)
            .await?)
    }

    /// Deletes a token of the caller, and the tokens that it made. They are invalid at once.
    ///
    /// # Errors
    /// `NotFound`, also for the token of another user; `Denied` for an API token without the scope.
    #[tracing::instrument(skip_all)]
    pub async fn delete_api_token(&self, actor: &Actor, id: ApiTokenId) -> Result<()> {
        own_access(actor, Action::Delete, Subject::ApiToken)?;
        let scope = Scope::own(actor.organization, actor.user);
        let found = api_token::Entity::within(scope).filter(api_token::Column::Id.eq(id));
        let row = found.one(&self.stores.pg).await?.ok_or(ServiceError::NotFound("API token"))?;
        let tx = self.stores.pg.begin().await?;
        let statement = api_token::Entity::delete_within(scope).filter(api_token::Column::Id.eq(id));
        if statement.exec(&tx).await?.rows_affected == 0 {
            return Err(ServiceError::NotFound("API token"));
        }
        let entry = Entry::of(AuditAction::DeleteApiToken).target(id).before(shown(&row));
        record(&tx, &self.clock, actor, entry).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn note_use(&self, id: ApiTokenId) -> Result<()> {
        let now = self.clock.now();
        let sql = "UPDATE api_tokens SET last_used_at = $2
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
        let stale = now - chrono::Duration::seconds(USE_RESOLUTION_SECONDS);
        self.stores
            .pg
            .execute_raw(Statement::from_sql_and_values(
                DbBackend::Postgres,
                sql,
                [id.into(), now.into(), stale.into()],
            ))
            .await?;
        Ok(())
    }
}

/// A token in the audit log.
fn shown(row: &api_token::Model) -> serde_json::Value {
    json!({ "name": row.name, "scopes": row.scopes, "expiresAt": row.expires_at })
}
