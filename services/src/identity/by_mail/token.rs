//! The tokens of mails, of which only hashes are stored. A new one replaces an earlier one for the same address.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use sha2::{Digest as _, Sha256};
use triptych_stores::{
    error::{Result, ServiceError, StoreError},
    postgres::Transaction,
};

use super::LIFE;
use crate::identity::Identity;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    SignUp,
    Reset,
}

/// What a token was issued for.
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Issued {
    pub(super) email: String,
    pub(super) name: Option<String>,
    pub(super) organization_name: Option<String>,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignUp => "SIGN_UP",
            Self::Reset => "RESET",
        }
    }

    /// The first part of a token, so that secret scanners can find a leaked one.
    fn prefix(self) -> &'static str {
        match self {
            Self::SignUp => "confirm_",
            Self::Reset => "reset_",
        }
    }
}

impl Identity {
    /// Issues a token.
    pub(super) async fn issue(
        &self,
        tx: &Transaction,
        purpose: Purpose,
        issued: Issued,
    ) -> Result<String, StoreError> {
        let token = format!("{}{}", purpose.prefix(), self.clock.new_secret());
        let now = self.clock.now();
        let sql =
            "INSERT INTO email_tokens (id, purpose, email, name, organization_name, token_hash, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (purpose, lower(email)) DO UPDATE SET email = EXCLUDED.email, name = EXCLUDED.name,
                 organization_name = EXCLUDED.organization_name, token_hash = EXCLUDED.token_hash,
                 expires_at = EXCLUDED.expires_at, created_at = EXCLUDED.created_at";
        let values: [sea_orm::Value; 8] = [
            self.clock.new_uuid().into(),
            purpose.name().into(),
            issued.email.into(),
            issued.name.into(),
            issued.organization_name.into(),
            hash_of(&token).into(),
            (now + LIFE).into(),
            now.into(),
        ];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        Ok(token)
    }

    /// Finds what a token was issued for, before anything expensive is done for it.
    ///
    /// # Errors
    /// `NotFound` for a token that is unknown, used or expired.
    pub(super) async fn issued(&self, purpose: Purpose, token: &str) -> Result<Issued> {
        let sql = "SELECT email, name, organization_name FROM email_tokens
                   WHERE purpose = $1 AND token_hash = $2 AND expires_at > $3";
        self.valid(&self.stores.pg, sql, purpose, token).await
    }

    /// The same, and uses the token up in the transaction.
    pub(super) async fn redeem(&self, tx: &Transaction, purpose: Purpose, token: &str) -> Result<Issued> {
        let sql = "DELETE FROM email_tokens WHERE purpose = $1 AND token_hash = $2 AND expires_at > $3
                   RETURNING email, name, organization_name";
        self.valid(tx, sql, purpose, token).await
    }

    async fn valid(
        &self,
        db: &impl ConnectionTrait,
        sql: &str,
        purpose: Purpose,
        token: &str,
    ) -> Result<Issued> {
        let values = [purpose.name().into(), hash_of(token).into(), self.clock.now().into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let found = Issued::find_by_statement(statement).one(db).await?;
        found.ok_or(ServiceError::NotFound("token; it is unknown, used or expired"))
    }

    /// Deletes tokens that have expired. Any number of processes may do so at the same time.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn delete_expired_tokens(&self) -> Result<u64, StoreError> {
        let sql = "DELETE FROM email_tokens WHERE expires_at < $1";
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.clock.now().into()]);
        Ok(self.stores.pg.execute_raw(statement).await?.rows_affected())
    }
}

fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
