//! The GraphQL schema, and the only crate that knows `async-graphql`. A resolver reads its context, calls one
//! service and maps the result; no resolver accesses a database.

mod api;
mod automation;
mod change;
mod choice;
mod collection;
mod connection;
mod context;
mod conversations;
mod deletions;
mod documents;
mod errors;
mod feed;
mod heavy;
mod identity;
mod limits;
mod loaders;
mod node;
mod operation;
mod order;
mod outcome;
mod output;
mod payloads;
mod queues;
mod register;
mod request;
mod root;
mod scalars;
mod selection;
mod subscription_root;
mod typename;

pub use api::{Api, ApiConfig, Disclosure, PublicUrl};
pub use context::{Client, Passwords};
pub use identity::SessionCookie;
pub use limits::Limits;
pub use operation::Operation;
pub use outcome::Outcome;
pub use queues::Concurrency;
pub use request::{Request, RequestKind};
