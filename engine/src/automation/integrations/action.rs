//! Operations in Rust, for what a manifest cannot express. Their schemas are derived from their types, so each
//! parameter is written once.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use triptych_entities::relational::automation::step::Kind;

use super::{ActionError, ActionResult, Call, Run, Tools, derive};

/// The description of an operation in Rust, without its schemas.
pub struct About {
    /// The key of the integration, whose manifest has its other properties.
    pub integration: &'static str,
    pub key: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    pub kind: Kind,
}

/// An operation in Rust.
#[async_trait]
pub trait Action: Send + Sync + 'static {
    /// Documentation comments become descriptions; `#[schemars(…)]` adds limits and examples.
    type Parameters: DeserializeOwned + JsonSchema + Send;
    type Output: Serialize + JsonSchema;

    const ABOUT: About;

    /// Runs the operation once. It may be repeated with the same call if the process crashes before the result
    /// is stored.
    ///
    /// # Errors
    /// The error that the step stores; the runtime retries if it is marked as retryable.
    async fn run(
        &self,
        parameters: Self::Parameters,
        call: &Call<'_>,
        tools: &Tools,
    ) -> ActionResult<Self::Output>;

    /// Whether missing values in these parameters, before rendering, are null instead of failing the step. For operations
    /// that check for missing values.
    fn accepts_missing(_parameters: &Value) -> bool {
        false
    }

    /// A JSON Schema of the integration's credential, if Rust reads its fields.
    fn credential() -> Option<Value> {
        None
    }
}

/// An [`Action`] without its type, for the registry.
pub struct Native {
    pub(super) about: About,
    pub(super) parameters: Value,
    pub(super) output: Value,
    pub(super) credential: Option<Value>,
    pub(super) run: Arc<dyn Run>,
}

impl Native {
    pub fn new<A: Action>(action: A) -> Self {
        Self {
            about: A::ABOUT,
            parameters: derive::parameters::<A::Parameters>(),
            output: derive::output::<A::Output>(),
            credential: A::credential(),
            run: Arc::new(Typed(action)),
        }
    }
}

struct Typed<A>(A);

#[async_trait]
impl<A: Action> Run for Typed<A> {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> ActionResult {
        let outcome = self.0.run(read(&call.parameters)?, call, tools).await?;
        outcome.try_map(|output| {
            serde_json::to_value(output).map_err(|error| {
                ActionError::permanent("BAD_OUTPUT", format!("the output is not JSON: {error}"))
            })
        })
    }

    fn accepts_missing(&self, parameters: &Value) -> bool {
        A::accepts_missing(parameters)
    }
}

/// Deserializes parameters.
///
/// # Errors
/// `BAD_PARAMETERS` if they do not match the type.
pub(super) fn read<T: DeserializeOwned>(parameters: &Value) -> Result<T, ActionError> {
    T::deserialize(parameters).map_err(|error| ActionError::bad_parameters(error.to_string()))
}
