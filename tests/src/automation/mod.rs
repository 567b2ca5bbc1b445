//! Flows and their executions.

mod branches;
mod credentials;
mod deletions;
mod due_times;
mod executions;
mod fairness;
mod feeds;
mod flows;
mod history;
mod integrations;
mod lost_events;
mod outbound;
mod outputs;
mod quotas;
mod schedules;
mod waiting;
