//! The output of a step in an event, which the event may only refer to.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    ContextSelectionSet, Json, OutputType, Positioned, ServerError, ServerResult, Value,
    parser::types::Field, registry::Registry,
};
use triptych_entities::{ids::ExecutionStepId, payloads::step_output::StepOutput};
use triptych_services::{Services, access::Actor};

use crate::errors::{ApiError, Result};

type Output = Json<serde_json::Value>;

/// A nullable `JSON`, which is read from the database when it is selected and the event only refers to it.
pub struct EventOutput(StepOutput);

impl From<StepOutput> for EventOutput {
    fn from(output: StepOutput) -> Self {
        Self(output)
    }
}

impl OutputType for EventOutput {
    fn type_name() -> Cow<'static, str> {
        <Option<Output> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Option<Output> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Option<Output> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let output = match &self.0 {
            StepOutput::Inline(output) => return output.as_ref().map(Json).resolve(ctx, field).await,
            StepOutput::Stored(step) => Box::pin(stored(ctx, *step)).await,
        };
        match output {
            Ok(output) => output.map(Json).resolve(ctx, field).await,
            // As for every nullable field: the event is sent with the error.
            Err(error) => {
                let error: ServerError = async_graphql::Error::from(error).into_server_error(field.pos);
                ctx.add_error(ctx.set_error_path(error));
                Ok(Value::Null)
            }
        }
    }
}

async fn stored(ctx: &ContextSelectionSet<'_>, step: ExecutionStepId) -> Result<Option<serde_json::Value>> {
    let actor = ctx.data_opt::<Arc<Actor>>().ok_or_else(ApiError::signed_out)?;
    Ok(ctx.data_unchecked::<Services>().executions.output(actor, step).await?)
}
