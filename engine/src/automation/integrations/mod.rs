//! Integrations: the operations of steps, one folder per integration with a `manifest.toml`. An operation that a manifest
//! cannot express is an [`Action`] in Rust, registered in `native`.
//!
//! Does not depend on flows, queues or GraphQL. An operation receives its dependencies as [`Tools`], and rendered and
//! validated parameters with the context of the step as [`Call`].

mod action;
mod call;
mod credential;
mod derive;
mod error;
mod exchange;
mod manifest;
mod pattern;
mod registry;

mod datastore;
mod delay;
mod filter;
pub mod formatter;
mod http;
mod respond;

pub use action::{About, Action, Native};
pub use call::{ActionResult, Call, Outcome, Run, Tools};
pub use credential::Credential;
pub use error::ActionError;
pub use registry::{BadIntegration, Registry};

/// The register of the operations in Rust.
fn native() -> Vec<Native> {
    vec![
        Native::new(datastore::Get),
        Native::new(datastore::Set),
        Native::new(delay::For),
        Native::new(delay::Until),
        Native::new(filter::ContinueIf),
        Native::new(formatter::TEXT),
        Native::new(formatter::NUMBER),
        Native::new(formatter::DATE),
        Native::new(http::Request),
        Native::new(respond::Reply),
    ]
}
