//! Long-running work: queue workers, the flow runtime, integrations, AI generation. Reaches the databases through
//! `services` only, and does not depend on GraphQL.

pub mod automation;
pub mod compute;
pub mod conversations;
pub mod mail;
pub mod outbound;
mod slots;
pub mod workers;
