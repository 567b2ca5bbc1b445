//! Flows, their versions and graphs, their webhooks and schedules, and the history of their executions.

pub mod credential;
pub mod datastore_item;
pub mod execution;
pub mod execution_log;
pub mod execution_step;
pub mod flow;
pub mod flow_version;
pub mod schedule;
pub mod schedule_firing;
pub mod step;
pub mod step_link;
pub mod webhook;
