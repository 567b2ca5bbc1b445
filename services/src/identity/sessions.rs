//! Sessions: opaque tokens in Redis under their hash, with a sliding expiry. If Redis loses them, users sign in again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::AsyncCommands as _;
use sha2::{Digest as _, Sha256};
use triptych_entities::{
    ids::{Id as _, OrganizationId, SessionId, UserId},
    payloads::session::Session,
};
use triptych_stores::{clock::Clock, connections::Stores, error::StoreError};

/// The store of sessions.
#[derive(Clone)]
pub struct Sessions {
    stores: Stores,
    clock: Clock,
    ttl: Duration,
}

/// A new session with its token. Only the hash of the token is stored.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    pub token: String,
    pub session: Session,
    pub expires_at: DateTime<Utc>,
}

impl Sessions {
    pub(super) fn new(stores: Stores, clock: Clock, ttl: Duration) -> Self {
        Self { stores, clock, ttl }
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

    /// The time at which a session that is used now expires. Redis removes it at that time of its own clock; whether it
    /// has expired is decided by the clock of this server, so that both have to agree only roughly.
    fn expiry(&self) -> DateTime<Utc> {
        self.clock.now() + self.ttl
    }

    /// Whether a session with this answer of `PEXPIRETIME` is active: its expiry in milliseconds, or a negative number if
    /// there is none.
    fn is_active(&self, expires_ms: i64) -> bool {
        expires_ms > self.clock.now().timestamp_millis()
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
        let token = format!("ses_{}", self.clock.new_secret());
        let (now, expires_at) = (self.clock.now(), self.expiry());
        let session =
            Session { id: self.clock.new_id(), user_id, organization_id, created_at: now, user_agent };
        let key = self.key(&token);
        let mut pipeline = redis::pipe();
        pipeline
            .atomic()
            .cmd("SET")
            .arg(&key)
            .arg(serde_json::to_string(&session)?)
            .arg("PXAT")
            .arg(expires_at.timestamp_millis())
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
        Ok(IssuedSession { token, session, expires_at })
    }

    /// Finds the session of a token, and prolongs it by its full lifetime.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn touch(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let key = self.key(token);
        let mut pipeline = redis::pipe();
        pipeline.cmd("PEXPIRETIME").arg(&key);
        pipeline.cmd("GETEX").arg(&key).arg("PXAT").arg(self.expiry().timestamp_millis());
        let mut connection = self.stores.cache.clone();
        let (expires_ms, text): (i64, Option<String>) = pipeline.query_async(&mut connection).await?;
        let Some(text) = text else { return Ok(None) };
        if !self.is_active(expires_ms) {
            connection.del::<_, ()>(key).await?;
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(&text)?))
    }

    /// Whether the session of a token is active. Does not prolong it.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn is_alive(&self, token: &str) -> Result<bool, StoreError> {
        let mut command = redis::cmd("PEXPIRETIME");
        let expires_ms = command.arg(self.key(token)).query_async(&mut self.stores.cache.clone()).await?;
        Ok(self.is_active(expires_ms))
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
        let mut pipeline = redis::pipe();
        for (_, key) in &index {
            pipeline.cmd("PEXPIRETIME").arg(key).get(key);
        }
        let stored: Vec<(i64, Option<String>)> = pipeline.query_async(&mut connection).await?;
        let mut sessions = Vec::new();
        for ((id, _), (expires_ms, text)) in index.iter().zip(stored) {
            match text.filter(|_| self.is_active(expires_ms)) {
                Some(text) => sessions.push(serde_json::from_str::<Session>(&text)?),
                None => connection.hdel::<_, _, ()>(self.index(user), id).await?,
            }
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
        Ok(sessions)
    }
}
