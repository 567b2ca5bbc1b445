//! Generations of AI steps. A step that is retried gets the stored response, so the model is paid once.

use std::time::Duration;

use mongodb::bson::doc;
use triptych_entities::{
    documents::conversations::generation::{CachePolicy, Generation, Origin, Parameters, Status},
    ids::{ExecutionId, ExecutionStepId, FlowId, OrganizationId, UserId},
};
use triptych_stores::{
    collections::{in_time, is_duplicate},
    error::{Invalid, Result, ServiceError, StoreError},
};
use uuid::Uuid;

use super::{Claim, Draft, Finished, Generations, Outcome};
use crate::conversations::models::ModelName;

/// The request of an AI step.
#[derive(Debug, Clone)]
pub struct StepRequest {
    pub organization: OrganizationId,
    /// The user whose usage it counts towards.
    pub owner: UserId,
    pub flow_id: FlowId,
    pub execution_id: ExecutionId,
    pub execution_step_id: ExecutionStepId,
    pub model: String,
    pub system: Option<String>,
    pub prompt: String,
    pub parameters: Parameters,
}

/// What an AI step does next.
#[derive(Debug, Clone)]
pub enum StepStart {
    /// Return the stored response.
    Answered(Box<Generation>),
    /// Send the request to the model.
    Claimed(Box<Claim>),
    /// Wait: another worker runs the generation, until it ends or its lease expires.
    Busy,
    /// Fail: a user cancelled the generation.
    Aborted(Box<Generation>),
}

impl Generations {
    /// Finds or creates the generation of the run of a step, and claims it. All attempts of a run share one
    /// generation.
    ///
    /// # Errors
    /// `Invalid` for a model that is not configured.
    #[tracing::instrument(skip_all, fields(execution_step.id = %request.execution_step_id))]
    pub async fn start_step(
        &self,
        request: &StepRequest,
        worker: Uuid,
        lease: Duration,
    ) -> Result<StepStart> {
        let model = self.models.parse(&request.model).map_err(|message| Invalid::one("model", message))?;
        let generation = match self.of_step(request).await? {
            Some(generation) => generation,
            None => self.create_for_step(request, model).await?,
        };
        match generation.status {
            Status::Completed => return Ok(StepStart::Answered(Box::new(generation))),
            Status::Aborted => return Ok(StepStart::Aborted(Box::new(generation))),
            Status::Queued | Status::Streaming | Status::Failed => {}
        }
        let from = ["QUEUED", "STREAMING", "FAILED"];
        let Some(mut claim) = self.try_claim(generation.id, worker, lease, &from).await? else {
            return Ok(StepStart::Busy);
        };
        // The execution may have been cancelled before this generation existed. What is cancelled from here on finds it.
        if self.is_needed(&[request.execution_step_id]).await?.is_empty() {
            return Ok(match self.finish(&claim, Outcome::aborted()).await? {
                Finished::Stored(generation) => StepStart::Aborted(generation),
                Finished::Fenced => StepStart::Busy,
            });
        }
        claim.prompt = self.prompt(&claim.generation).await?;
        Ok(StepStart::Claimed(Box::new(claim)))
    }

    async fn of_step(&self, request: &StepRequest) -> Result<Option<Generation>, StoreError> {
        let filter = doc! {
            "organizationId": request.organization,
            "origin.executionStepId": { "$eq": request.execution_step_id, "$exists": true },
        };
        in_time(self.stores.documents::<Generation>().across_tenants().find_one(filter)).await
    }

    async fn create_for_step(&self, request: &StepRequest, model: ModelName) -> Result<Generation> {
        let draft = Draft {
            organization: request.organization,
            owner: request.owner,
            origin: Origin::Step {
                flow_id: request.flow_id,
                execution_id: request.execution_id,
                execution_step_id: request.execution_step_id,
                system: request.system.clone(),
                prompt: request.prompt.clone(),
            },
            model: model.into_string(),
            parameters: request.parameters.clone(),
            cache: CachePolicy::Default,
        };
        let generation = draft.into_generation(&self.clock, self.clock.new_id());
        match self.stores.documents().add(&generation).await {
            Ok(()) => Ok(generation),
            Err(StoreError::Mongo(error)) if is_duplicate(&error) => {
                self.of_step(request).await?.ok_or(ServiceError::NotFound("generation"))
            }
            Err(error) => Err(error.into()),
        }
    }
}
