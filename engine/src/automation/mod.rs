//! What runs flows: the runtime of steps, integrations and templates.

pub mod flows;
pub mod integrations;
pub mod templates;
