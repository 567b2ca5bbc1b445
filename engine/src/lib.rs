//! Long-running work: queue workers, the flow runtime, integrations, AI generation. Reaches the databases through
//! `services` only, and knows nothing of GraphQL.

pub mod automation;
pub mod conversations;
pub mod workers;
