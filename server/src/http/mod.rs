//! The network: GraphQL over HTTP and WebSocket, webhooks, health, metrics and the playground.
//!
//! Owns protocols, status codes, credentials in headers, limits of requests, and draining. Must not know what a query
//! means (`triptych_schema` does) nor how data is stored (`triptych_services` does).

mod address;
mod authentication;
mod graphql;
mod health;
mod metrics;
mod origin;
mod playground;
mod refusal;
mod serve;
mod state;
mod webhooks;
mod websocket;

use axum::{Router, routing::any};

pub use serve::serve;
pub use state::HttpState;

/// Every route.
pub fn router(state: HttpState) -> Router {
    Router::new()
        .route("/graphql", any(graphql::handle))
        .merge(webhooks::routes())
        .merge(health::routes())
        .merge(playground::routes())
        .fallback(refusal::no_such_page)
        .with_state(state)
}
