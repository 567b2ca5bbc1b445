//! Users, organizations, roles, sessions and API tokens. Sessions are in Redis, all other data is in PostgreSQL.

mod authenticate;
mod by_mail;
mod change_password;
mod confirm;
mod custom_roles;
mod deletion;
mod demo;
mod directory;
mod guesses;
mod hashing;
mod invitations;
mod members;
mod own_sessions;
mod password;
mod roles;
mod scopes;
mod sessions;
mod settings;
mod sign_in;
mod sign_up;
mod tokens;

use triptych_stores::{clock::Clock, connections::Stores};

use crate::{deletions::Deletions, mail::Mails};

use guesses::Guesses;
use hashing::Hashing;

pub use custom_roles::{NewPermission, RoleWithGrants};
pub(crate) use deletion::hand_over;
pub use deletion::{AcceptedDeletion, DeleteOrganization};
pub use demo::DEMO_EMAIL;
pub use invitations::{AcceptInvitation, Invited};
pub use sessions::{IssuedSession, Sessions};
pub use settings::{IdentitySettings, SignUpMode};
pub use sign_up::SignUp;
pub use tokens::NewApiToken;

/// Signs users up and in, and authenticates requests.
#[derive(Clone)]
pub struct Identity {
    stores: Stores,
    clock: Clock,
    settings: IdentitySettings,
    guesses: Guesses,
    hashing: Hashing,
    deletions: Deletions,
    mails: Mails,
    pub sessions: Sessions,
}

impl Identity {
    pub(crate) fn new(
        stores: Stores,
        clock: Clock,
        settings: IdentitySettings,
        deletions: Deletions,
        mails: Mails,
    ) -> Self {
        let sessions =
            Sessions::new(stores.clone(), clock.clone(), settings.session_ttl, settings.session_life);
        let guesses = Guesses::new(stores.clone(), clock.clone());
        Self { stores, clock, settings, guesses, hashing: Hashing::new(), deletions, mails, sessions }
    }

    /// The number of password hashes that this process has computed.
    #[must_use]
    pub fn password_hashes(&self) -> u64 {
        self.hashing.computed()
    }
}
