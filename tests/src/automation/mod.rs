//! Flows and their executions.

mod branches;
mod executions;
mod feeds;
mod flows;
mod history;
mod integrations;
mod outbound;
mod outputs;
mod quotas;
mod waiting;
