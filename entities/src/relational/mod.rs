//! Rows of PostgreSQL: one file a table, with the finders that cannot forget the tenant.

pub mod api_token;
pub mod credential;
pub mod datastore_item;
pub mod execution;
pub mod execution_log;
pub mod execution_step;
pub mod flow;
pub mod flow_version;
pub mod membership;
pub mod organization;
pub mod outbox;
pub mod permission;
pub mod role;
pub mod schedule;
pub mod step;
pub mod step_link;
pub mod user;
pub mod webhook;
