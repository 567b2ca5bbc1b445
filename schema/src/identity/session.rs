//! A session.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use triptych_entities::{ids::SessionId, payloads::session};
use triptych_services::access::Proof;

use crate::output::Id;

/// A session of the caller.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Session {
    /// `session_…`
    pub id: Id<SessionId>,
    /// Whether it is the session of this request.
    pub current: bool,
    /// The user agent of the client that signed in.
    pub user_agent: Option<String>,
    /// The address of the client that signed in.
    pub address: Option<String>,
    /// When the session was created.
    pub created_at: DateTime<Utc>,
}

impl Session {
    pub(super) fn new(session: session::Session, proof: &Proof) -> Self {
        Self {
            current: *proof == Proof::Session(session.id),
            id: Id(session.id),
            user_agent: session.user_agent,
            address: session.address,
            created_at: session.created_at,
        }
    }
}
