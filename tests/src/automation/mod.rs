//! Flows and their executions.

mod branches;
mod executions;
mod feeds;
mod flows;
mod integrations;
mod history;
mod waiting;
