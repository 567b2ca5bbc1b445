//! The interface between the flow runtime and operations.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::ids::{ExecutionId, ExecutionStepId, FlowId, OrganizationId};
use triptych_services::{automation::datastore::Datastore, clock::Clock};

use super::{ActionError, Credential};
use crate::{
    compute::{Budget, Compute},
    outbound::Outbound,
};

/// One attempt at one step.
pub struct Call<'a> {
    pub organization: OrganizationId,
    pub flow: FlowId,
    pub execution: ExecutionId,
    /// The same for all attempts; external services receive it as the idempotency key.
    pub execution_step: ExecutionStepId,
    /// The number of the attempt, counted from 1.
    pub attempt: i32,
    pub integration: &'a str,
    pub operation: &'a str,
    /// The parameters with rendered templates, valid against the schema of the operation.
    pub parameters: Value,
    /// The working time of the attempt.
    pub budget: Budget,
    pub credential: Option<Credential>,
}

/// The outcome of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T = Value> {
    /// Succeeded with this output; the next steps run.
    Done(T),
    /// Succeeded with this output; the next steps are skipped.
    Stopped(T),
    /// The step waits until this time, and then succeeds with this output.
    Wait { until: DateTime<Utc>, output: T },
}

/// The result of an operation. An error is stored in the step; the runtime retries if it is marked as retryable.
pub type ActionResult<T = Value> = Result<Outcome<T>, ActionError>;

impl<T> Outcome<T> {
    /// The same outcome with another output.
    ///
    /// # Errors
    /// That of the conversion.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Outcome<U>, E> {
        Ok(match self {
            Self::Done(output) => Outcome::Done(convert(output)?),
            Self::Stopped(output) => Outcome::Stopped(convert(output)?),
            Self::Wait { until, output } => Outcome::Wait { until, output: convert(output)? },
        })
    }
}

/// The dependencies of operations.
#[derive(Clone)]
pub struct Tools {
    pub datastore: Datastore,
    pub outbound: Outbound,
    pub compute: Compute,
    pub clock: Clock,
}

/// An executable operation, from a manifest or an [`super::Action`].
#[async_trait]
pub trait Run: Send + Sync {
    /// Runs the operation once. It may be repeated with the same call if the process crashes before the result
    /// is stored.
    ///
    /// # Errors
    /// The error that the step stores; the runtime retries if it is marked as retryable.
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> ActionResult;

    /// Whether missing values in these parameters, before rendering, are null instead of failing the step. For operations
    /// that check for missing values.
    fn accepts_missing(&self, _parameters: &Value) -> bool {
        false
    }
}
