//! Flows, executions, credentials and integrations, as the API shows them.

pub(crate) mod credentials;
pub(crate) mod executions;
pub(crate) mod flows;
pub(crate) mod integrations;
