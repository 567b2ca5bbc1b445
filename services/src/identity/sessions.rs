//! Sessions: opaque tokens in Redis under their hash, with a sliding expiry. If Redis loses them, users sign in again.

use std::time::Duration;

use redis::AsyncCommands as _;
use sha2::{Digest as _, Sha256};
use triptych_entities::{
    ids::{Id as _, OrganizationId, SessionId, UserId},
    payloads::session::Session,
};
use triptych_stores::{connections::Stores, error::StoreError, mint::Mint};

/// The store of sessions.
#[derive(Clone)]
pub struct Sessions {
    stores: Stores,
    mint: Mint,
    ttl: Duration,
}

/// A new session with its token. Only the hash of the token is stored.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    pub token: String,
    pub session: Session,
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

impl Sessions {
    pub(super) fn new(stores: Stores, mint: Mint, ttl: Duration) -> Self {
        Self { stores, mint, ttl }
    }

    /// Time without use after which a session expires.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    fn key(&self, token: &str) -> String {
        self.stores.key(&format!("session:{}", hex::encode(Sha256::digest(token))))
    }

    fn index(&self, user: UserId) -> String {
        self.stores.key(&format!("sessions:{}", user.uuid()))
    }

    fn ttl_seconds(&self) -> i64 {
        i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX)
    }

    /// Starts a session.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn issue(
        &self,
        user_id: UserId,
        organization_id: OrganizationId,
        user_agent: Option<String>,
    ) -> Result<IssuedSession, StoreError> {
        let token = format!("ses_{}", self.mint.secret());
        let now = self.mint.now();
        let session = Session { id: self.mint.id(), user_id, organization_id, created_at: now, user_agent };
        let key = self.key(&token);
        let mut pipeline = redis::pipe();
        pipeline
            .atomic()
            .cmd("SET")
            .arg(&key)
            .arg(serde_json::to_string(&session)?)
            .arg("EX")
            .arg(self.ttl_seconds())
            .ignore()
            .cmd("HSET")
            .arg(self.index(user_id))
            .arg(session.id.to_string())
            .arg(&key)
            .ignore();
        pipeline.exec_async(&mut self.stores.cache.clone()).await?;
        // The index of sessions does not expire, as sessions are prolonged by use. Expired entries are removed
        // whenever a session starts.
        self.list(user_id).await?;
        Ok(IssuedSession { token, session, expires_at: now + self.ttl })
    }

    /// Finds the session of a token, and prolongs it by its full lifetime.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn touch(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let text: Option<String> = redis::cmd("GETEX")
            .arg(self.key(token))
            .arg("EX")
            .arg(self.ttl_seconds())
            .query_async(&mut self.stores.cache.clone())
            .await?;
        text.map(|text| serde_json::from_str(&text).map_err(Into::into)).transpose()
    }

    /// Whether a session is active. Does not prolong it.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn exists(&self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let mut connection = self.stores.cache.clone();
        let key: Option<String> = connection.hget(self.index(user), id.to_string()).await?;
        match key {
            Some(key) => Ok(connection.exists(key).await?),
            None => Ok(false),
        }
    }

    /// Whether the session of a token is active. Does not prolong it.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn is_alive(&self, token: &str) -> Result<bool, StoreError> {
        Ok(self.stores.cache.clone().exists(self.key(token)).await?)
    }

    /// Ends a session. Idempotent.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn end(&self, user: UserId, id: SessionId) -> Result<(), StoreError> {
        let mut connection = self.stores.cache.clone();
        let index = self.index(user);
        let key: Option<String> = connection.hget(&index, id.to_string()).await?;
        if let Some(key) = key {
            let mut pipeline = redis::pipe();
            pipeline.atomic().del(key).ignore().hdel(index, id.to_string()).ignore();
            pipeline.exec_async(&mut connection).await?;
        }
        Ok(())
    }

    /// Lists the sessions of a user, newest first. Removes expired entries of the index.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn list(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let mut connection = self.stores.cache.clone();
        let index: Vec<(String, String)> = connection.hgetall(self.index(user)).await?;
        if index.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<&str> = index.iter().map(|(_, key)| key.as_str()).collect();
        let stored: Vec<Option<String>> = redis::cmd("MGET").arg(&keys).query_async(&mut connection).await?;
        let mut sessions = Vec::new();
        for ((id, _), text) in index.iter().zip(stored) {
            match text {
                Some(text) => sessions.push(serde_json::from_str::<Session>(&text)?),
                None => connection.hdel::<_, _, ()>(self.index(user), id).await?,
            }
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
        Ok(sessions)
    }
}
