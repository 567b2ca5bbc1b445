//! Integrations: what steps can do, one folder each with a `manifest.toml`. An operation that data cannot express
//! is an [`Action`] in Rust, registered in `native`.
//!
//! Nothing here knows flows, queues or GraphQL. An operation may use its [`Tools`]; it gets parameters with
//! templates filled in and checked against the schema, and is told for whom it works by [`Call`].

mod action;
mod call;
mod client;
mod derive;
mod error;
mod exchange;
mod manifest;
mod registry;

mod datastore;
mod delay;
mod filter;
pub mod formatter;
mod http;
mod respond;

pub use action::{About, Action, Native};
pub use call::{ActionResult, Call, Outcome, Run, Tools};
pub use client::http_client;
pub use error::ActionError;
pub use registry::{BadIntegration, Registry};

/// The operations in Rust: the one list that such an operation is added to, besides the `mod` of its folder above.
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
