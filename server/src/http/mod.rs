//! The network: GraphQL over HTTP and WebSocket, webhooks, health and the playground, and the address for operators.
//!
//! Owns protocols, status codes, credentials in headers, limits of requests, and draining. Must not know what a query
//! means (`triptych_schema` does) nor how data is stored (`triptych_services` does).

mod address;
mod addresses;
mod authentication;
mod graphql;
mod headers;
mod health;
mod metrics;
mod ops;
mod origin;
mod playground;
mod refusal;
mod serve;
mod state;
mod webhooks;
mod websocket;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};

pub use ops::Ops;
pub use serve::serve;
pub use state::HttpState;

/// Every route.
pub fn router(state: HttpState) -> Router {
    Router::new()
        .route("/graphql", any(graphql::handle))
        .merge(webhooks::routes())
        .merge(playground::routes())
        .fallback(refusal::no_such_page)
        .layer(from_fn_with_state(state.clone(), only_own_hosts))
        // Those who ask for the health address the server in their own way.
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .layer(from_fn_with_state(state.clone(), headers::secured))
        .with_state(state)
}

/// Refuses requests that are addressed to another host.
async fn only_own_hosts(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    match state.boundary.check_host(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}
