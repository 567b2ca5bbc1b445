//! Users, organizations, roles, sessions and API tokens. Sessions are in Redis, all other data is in PostgreSQL.

mod authenticate;
mod demo;
mod directory;
mod password;
mod roles;
mod sessions;
mod sign_in;
mod sign_up;
mod tokens;

use std::time::Duration;
use triptych_stores::{clock::Clock, connections::Stores};

pub use demo::DEMO_EMAIL;
pub use sessions::{IssuedSession, Sessions};
pub use sign_up::SignUp;
pub use tokens::NewApiToken;

/// Signs users up and in, and authenticates requests.
#[derive(Clone)]
pub struct Identity {
    stores: Stores,
    clock: Clock,
    pub sessions: Sessions,
}

impl Identity {
    pub(crate) fn new(stores: Stores, clock: Clock, session_ttl: Duration) -> Self {
        let sessions = Sessions::new(stores.clone(), clock.clone(), session_ttl);
        Self { stores, clock, sessions }
    }
}
