//! API tokens: long-lived secrets for programs. The secret is returned once; only its hash is stored.

use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait as _, DbBackend, QueryFilter as _,
    QueryOrder as _, Set, Statement,
};
use sha2::{Digest as _, Sha256};
use triptych_entities::{ids::ApiTokenId, relational::identity::api_token};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject, subjects},
    error::{Result, ServiceError},
    fetch::Fetch as _,
};

use super::Identity;

use crate::input::{Name, Problems, Refusal};

/// What every API token begins with, so that secret scanners can find a leaked one.
pub(super) const PREFIX: &str = "tri_";
/// Interval at which `last_used_at` is updated, to avoid a write with each request.
const USE_RESOLUTION_SECONDS: i64 = 60;

/// A permission that a token is limited to, as `action:subject`.
struct TokenScope(Action, Subject);

impl TokenScope {
    fn parse(text: &str) -> Result<Self, Refusal> {
        text.split_once(':')
            .and_then(|(action, subject)| Some(Self(Action::by_name(action)?, subjects::by_name(subject)?)))
            .ok_or("must be an action and a subject, such as `read:flow`")
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

/// The input of `create_token`.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    pub name: String,
    /// `action:subject` pairs; empty means all permissions of the user.
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Identity {
    /// Creates a token and returns its secret, which is not stored. Not idempotent.
    ///
    /// # Errors
    /// `Invalid`, or `Denied` if the role may not have API tokens.
    #[tracing::instrument(skip_all)]
    pub async fn create_api_token(
        &self,
        actor: &Actor,
        input: NewApiToken,
    ) -> Result<(api_token::Model, String)> {
        let scope = actor.scope(Action::Create, Subject::ApiToken)?;
        let (name, scopes) = self.parse(&input)?;
        let secret = format!("{PREFIX}{}", self.clock.new_secret());
        let row = api_token::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(scope.organization()),
            user_id: Set(actor.user),
            name: Set(name.into_string()),
            token_hash: Set(Sha256::digest(&secret).to_vec()),
            scopes: Set(scopes.iter().map(ToString::to_string).collect()),
            expires_at: Set(input.expires_at),
            last_used_at: Set(None),
            created_at: Set(self.clock.now()),
        }
        .insert(&self.stores.pg)
        .await?;
        Ok((row, secret))
    }

    fn parse(&self, input: &NewApiToken) -> Result<(Name, Vec<TokenScope>)> {
        let mut problems = Problems::default();
        let name = problems.parsed("name", Name::parse(&input.name));
        if input.expires_at.is_some_and(|at| at <= self.clock.now()) {
            problems.add("expiresAt", "must be in the future");
        }
        let scopes = input.scopes.iter().enumerate();
        let scopes: Vec<_> = scopes
            .filter_map(|(n, scope)| problems.parsed(format!("scopes.{n}"), TokenScope::parse(scope)))
            .collect();
        Ok((problems.finish(name)?, scopes))
    }

    /// Lists the tokens of the caller, newest first.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn api_tokens(&self, actor: &Actor) -> Result<Vec<api_token::Model>> {
        Ok(api_token::Entity::within(Scope::own(actor.organization, actor.user))
            .order_by_desc(api_token::Column::Id)
            .fetch(&self.stores.pg)
            .await?)
    }

    /// Deletes a token of the caller, which is invalid at once.
    ///
    /// # Errors
    /// `NotFound`, also for the token of another user.
    #[tracing::instrument(skip_all)]
    pub async fn delete_api_token(&self, actor: &Actor, id: ApiTokenId) -> Result<()> {
        let deleted = api_token::Entity::delete_within(Scope::own(actor.organization, actor.user))
            .filter(api_token::Column::Id.eq(id))
            .exec(&self.stores.pg)
            .await?;
        if deleted.rows_affected == 0 { Err(ServiceError::NotFound("API token")) } else { Ok(()) }
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
