//! The inputs of executions.

use async_graphql::{Enum, ID, InputObject, Json};
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_services::{automation::executions, error::Invalid};

use super::ExecutionStatus;
use crate::context::parse_id_opt;

/// A period of time.
#[derive(InputObject)]
pub struct DateTimeRange {
    /// The start of the period, inclusive.
    pub from: Option<DateTime<Utc>>,
    /// The end of the period, exclusive.
    pub to: Option<DateTime<Utc>>,
}

/// A filter of executions. All given conditions must hold.
#[derive(InputObject, Default)]
pub struct ExecutionFilter {
    /// The id of the flow.
    pub flow_id: Option<ID>,
    /// The accepted statuses.
    pub status: Option<Vec<ExecutionStatus>>,
    /// The key of an integration that the version uses.
    pub integration: Option<String>,
    /// Whether the execution is a test.
    pub test: Option<bool>,
    /// The time of creation.
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

/// Input to run a flow manually.
#[derive(InputObject)]
pub struct RunFlowInput {
    /// The id of the flow.
    pub flow_id: ID,
    /// The data of `trigger`. For a flow with a webhook, a payload without `body` becomes the body.
    pub payload: Option<Json<Value>>,
    /// The number of the version. Default: the published version, or the draft for a test.
    pub version: Option<i32>,
    /// Marks the execution as a test, and runs the draft unless a version is given.
    #[graphql(default)]
    pub test: bool,
    /// An idempotency key: repeated calls with the same value and flow run it once.
    pub client_id: Option<String>,
}

/// Input to cancel an execution.
#[derive(InputObject)]
pub struct CancelExecutionInput {
    /// The id of the execution.
    pub execution_id: ID,
}

/// Where a retry starts.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "executions::RetryFrom")]
pub enum RetryFrom {
    /// At the failed steps; the results of other steps are kept.
    Failed,
    /// At the trigger.
    Start,
}

/// Input to retry an execution.
#[derive(InputObject)]
pub struct RetryExecutionInput {
    /// The id of the execution.
    pub execution_id: ID,
    /// Where the retry starts.
    #[graphql(default_with = "RetryFrom::Failed")]
    pub from_step: RetryFrom,
}
