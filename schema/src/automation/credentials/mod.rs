//! Credentials, as the API shows them: never their secrets.

mod loader;
mod mutation;
mod object;
mod query;

pub use mutation::CredentialMutation;
pub use object::Credential;
pub use query::CredentialQuery;
