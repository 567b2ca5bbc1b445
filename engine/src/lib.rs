//! Long-running work: queue workers, the flow runtime, integrations, AI generation.
pub mod generations;
pub mod models;
