//! Sessions: opaque tokens in Redis under their hash, with a sliding expiry and an absolute one. If Redis loses them,
//! users sign in again. PostgreSQL has the epoch of a user's sessions, so that all of them end in a transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::AsyncCommands as _;
use sha2::{Digest as _, Sha256};
use triptych_entities::{
    ids::{Id as _, OrganizationId, SessionId, UserId},
    payloads::session::Session,
};
use triptych_stores::{access::Origin, clock::Clock, connections::Stores, error::StoreError};

/// Sessions of a user. A further one ends the oldest.
const MOST: usize = 100;
/// A use prolongs a session if that adds at least this share of its time.
const PROLONG_SHARE: u32 = 1000;

/// The store of sessions.
#[derive(Clone)]
pub struct Sessions {
    stores: Stores,
    clock: Clock,
    ttl: Duration,
    life: Duration,
}

/// A new session with its token. Only the hash of the token is stored.
#[derive(Debug, Clone)]
pub struct IssuedSession {
    pub token: String,
    pub session: Session,
    pub expires_at: DateTime<Utc>,
}

impl Sessions {
    pub(super) fn new(stores: Stores, clock: Clock, ttl: Duration, life: Duration) -> Self {
        Self { stores, clock, ttl, life }
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

    /// The time at which a session that is used now expires: after its time without use, at the latest at the end of its
    /// life. Redis removes it at that time of its own clock; whether it has expired is decided by the clock of this
    /// server, so that both have to agree only roughly.
    fn expiry(&self, created_at: DateTime<Utc>) -> DateTime<Utc> {
        (self.clock.now() + self.ttl).min(created_at + self.life)
    }

    /// Whether a session with this answer of `PEXPIRETIME` is active: its expiry in milliseconds, or a negative number if
    /// there is none.
    fn is_active(&self, expires_ms: i64) -> bool {
        expires_ms > self.clock.now().timestamp_millis()
    }

    /// A session that is not stored yet.
    pub(super) fn prepare(
        &self,
        user: UserId,
        organization: OrganizationId,
        epoch: i32,
        origin: &Origin,
    ) -> Session {
        Session {
            id: self.clock.new_id(),
            user_id: user,
            organization_id: organization,
            created_at: self.clock.now(),
            user_agent: origin.user_agent.clone(),
            address: origin.address.map(|address| address.to_string()),
            epoch,
        }
    }

    /// Starts a session.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub(super) async fn start(&self, session: Session) -> Result<IssuedSession, StoreError> {
        let token = format!("ses_{}", self.clock.new_secret());
        let expires_at = self.expiry(session.created_at);
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
            .arg(self.index(session.user_id))
            .arg(session.id.to_string())
            .arg(&key)
            .ignore();
        pipeline.exec_async(&mut self.stores.cache.clone()).await?;
        // The index of sessions does not expire, as sessions are prolonged by use. Expired entries are removed
        // whenever a session starts.
        for old in self.list(session.user_id).await?.into_iter().skip(MOST) {
            self.end(session.user_id, old.id).await?;
        }
        Ok(IssuedSession { token, session, expires_at })
    }

    /// Finds the session of a token, and prolongs it.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn touch(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let key = self.key(token);
        let mut pipeline = redis::pipe();
        pipeline.cmd("PEXPIRETIME").arg(&key).get(&key);
        let mut connection = self.stores.cache.clone();
        let (expires_ms, text): (i64, Option<String>) = pipeline.query_async(&mut connection).await?;
        let Some(text) = text else { return Ok(None) };
        if !self.is_active(expires_ms) {
            connection.del::<_, ()>(key).await?;
            return Ok(None);
        }
        let session: Session = serde_json::from_str(&text)?;
        let expiry = self.expiry(session.created_at).timestamp_millis();
        if expiry <= self.clock.now().timestamp_millis() {
            connection.del::<_, ()>(key).await?;
            return Ok(None);
        }
        let worthwhile = i64::try_from((self.ttl / PROLONG_SHARE).as_millis()).unwrap_or(i64::MAX);
        if expiry - expires_ms >= worthwhile || expiry < expires_ms {
            connection.pexpire_at::<_, ()>(key, expiry).await?;
        }
        Ok(Some(session))
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
    pub(super) async fn end(&self, user: UserId, id: SessionId) -> Result<(), StoreError> {
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

    /// Ends all sessions of a user. Idempotent.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub(crate) async fn end_all(&self, user: UserId) -> Result<(), StoreError> {
        for session in self.list(user).await? {
            self.end(user, session.id).await?;
        }
        Ok(())
    }

    /// Ends the sessions of a user in an organization. Idempotent.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub(super) async fn end_in(&self, user: UserId, organization: OrganizationId) -> Result<(), StoreError> {
        for session in self.list(user).await? {
            if session.organization_id == organization {
                self.end(user, session.id).await?;
            }
        }
        Ok(())
    }

    /// Lists the sessions of a user, newest first. Removes expired entries of the index.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub(super) async fn list(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
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
