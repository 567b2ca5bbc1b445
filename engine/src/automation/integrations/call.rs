//! What the runtime and an operation say to each other.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use triptych_entities::ids::{ExecutionId, ExecutionStepId, FlowId, OrganizationId};
use triptych_services::{automation::datastore::Datastore, mint::Mint};

use super::ActionError;

/// One attempt at one step.
pub struct Call<'a> {
    pub organization: OrganizationId,
    pub flow: FlowId,
    pub execution: ExecutionId,
    /// The same for every attempt: outside services are given it as the idempotency key.
    pub execution_step: ExecutionStepId,
    /// Counts up from 1.
    pub attempt: i32,
    pub integration: &'a str,
    pub operation: &'a str,
    /// With templates filled in, and valid by the operation's schema.
    pub parameters: Value,
    /// The opened credential. Never to be logged or put into an output or an error.
    pub credential: Option<Value>,
}

impl Call<'_> {
    /// The parameters as the operation's own type.
    ///
    /// # Errors
    /// `BAD_PARAMETERS` if they do not fit.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, ActionError> {
        T::deserialize(&self.parameters).map_err(|error| ActionError::bad_parameters(error.to_string()))
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With this output; what follows goes on.
    Done(Value),
    /// With this output; what follows is skipped.
    Stopped(Value),
    /// The step is to rest until then, and then to be done with this output.
    Wait { until: DateTime<Utc>, output: Value },
}

/// What operations may use.
#[derive(Clone)]
pub struct Tools {
    pub datastore: Datastore,
    /// From [`super::http_client`]: it follows no redirects by itself.
    pub http: reqwest::Client,
    pub mint: Mint,
}

/// An operation that can be run.
#[async_trait]
pub trait Run: Send + Sync {
    /// Runs the operation once. It may be called again with the same call if the process dies before the result
    /// is stored.
    ///
    /// # Errors
    /// What the step records; the runtime tries again if the error says so.
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError>;

    /// Whether missing values in these parameters, whose templates are not filled in yet, are null instead of
    /// failing the step. For operations that look at what may be missing.
    fn accepts_missing(&self, _parameters: &Value) -> bool {
        false
    }
}
