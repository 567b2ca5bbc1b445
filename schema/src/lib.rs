//! The GraphQL schema, and the only crate that knows `async-graphql`. A resolver reads its context, calls one
//! service and maps the result; nothing here talks to a database.

mod api;
mod connection;
mod context;
mod credentials;
mod errors;
mod executions;
mod flows;
mod generations;
mod identity;
mod integrations;
mod node;
mod operation;
mod queues;
mod scalars;
mod subscription_root;
mod threads;

pub use api::{Api, ApiConfig, Limits, Outcome, PublicUrl, Request, RequestKind};
pub use context::Client;
pub use identity::SESSION_COOKIE;
pub use operation::Operation;
pub use queues::Concurrency;
