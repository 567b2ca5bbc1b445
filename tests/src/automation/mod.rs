//! Flows and their executions.

mod branches;
mod executions;
mod flows;
mod integrations;
mod history;
mod waiting;
