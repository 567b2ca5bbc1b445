//! Long-running work: queue workers, the flow runtime, integrations, AI generation. Reaches the databases through
//! `services` only, and knows nothing of GraphQL.

pub mod flows;
pub mod generations;
pub mod integrations;
pub mod models;
pub mod templates;
pub mod workers;
