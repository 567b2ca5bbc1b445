//! The inputs of executions.

use async_graphql::{Enum, ID, InputObject, Json};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_services::{automation::executions, error::Invalid};

use super::ExecutionStatus;
use crate::context::parse_id_opt;

/// A stretch of time.
#[derive(InputObject)]
pub struct DateTimeRange {
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Up to but not including this moment.
    pub to: Option<DateTime<Utc>>,
}

/// What a list of executions is narrowed to. All that is given must hold.
#[derive(InputObject, Default)]
pub struct ExecutionFilter {
    /// Executions of this flow.
    pub flow_id: Option<ID>,
    /// One of these.
    pub status: Option<Vec<ExecutionStatus>>,
    /// The key of an integration that the version uses.
    pub integration: Option<String>,
    /// Whether they were run to try something out.
    pub test: Option<bool>,
    /// When they were accepted.
    pub created_at: Option<DateTimeRange>,
}

impl ExecutionFilter {
    pub(crate) fn parse(self) -> Result<executions::ExecutionFilter, Invalid> {
        let (from, to) = self.created_at.map_or((None, None), |range| (range.from, range.to));
        Ok(executions::ExecutionFilter {
            flow: parse_id_opt("filter.flowId", self.flow_id.as_ref())?,
            status: self.status.map(|status| status.into_iter().map(Into::into).collect()),
            integration: self.integration,
            test: self.test,
            from,
            to,
        })
    }
}

/// A run by hand.
#[derive(InputObject)]
pub struct RunFlowInput {
    /// The flow.
    pub flow_id: ID,
    /// Becomes `trigger`. For a flow with a webhook, a payload without `body` becomes the body.
    pub payload: Option<Json<Value>>,
    /// A version's number. Absent: the published version, or the draft for a test.
    pub version: Option<i32>,
    /// Mark the execution as a test, and run the draft unless a version is named.
    #[graphql(default)]
    pub test: bool,
    /// The caller's own id for this call: the same value for the same flow runs it once.
    pub client_id: Option<String>,
}

/// An execution to be stopped.
#[derive(InputObject)]
pub struct CancelExecutionInput {
    /// The execution.
    pub execution_id: ID,
}

/// Where a retry goes on from.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "executions::RetryFrom")]
pub enum RetryFrom {
    /// The steps that failed; what succeeded is kept.
    Failed,
    /// The beginning.
    Start,
}

/// An execution to be run again.
#[derive(InputObject)]
pub struct RetryExecutionInput {
    /// The execution.
    pub execution_id: ID,
    /// Where to go on from.
    #[graphql(default_with = "RetryFrom::Failed")]
    pub from_step: RetryFrom,
}
