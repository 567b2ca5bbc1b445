//! One attempt of a step: renders the templates, validates the parameters and runs the operation.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use triptych_entities::{
    documents::conversations::generation::{Parameters, Usage},
    ids::GenerationId,
    relational::automation::{execution_step::Exit, step},
};
use triptych_services::{
    access,
    automation::executions::Claim,
    conversations::generations::StepRequest,
    error::{Code, Coded as _, UNAVAILABLE},
};

use super::{Runtime, branch};
use crate::{
    automation::{
        integrations::{ActionError, Call, Credential, Outcome},
        templates::{Missing, Scope},
    },
    compute::Budget,
    conversations::models::ModelError,
};

/// The result of an attempt, with its input for the history.
pub(super) struct Attempt {
    /// The parameters with templates rendered; absent if that failed.
    pub(super) input: Option<Value>,
    pub(super) generation: Option<GenerationId>,
    pub(super) result: Result<Ended, ActionError>,
}

/// The result of a successful attempt.
pub(super) enum Ended {
    Done {
        output: Value,
        exit: Exit,
    },
    /// The step ends with `output` at `until`.
    Wait {
        until: DateTime<Utc>,
        output: Value,
    },
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(output) => Self::Done { output, exit: Exit::Continue },
            Outcome::Stopped(output) => Self::Done { output, exit: Exit::Stop },
            Outcome::Wait { until, output } => Self::Wait { until, output },
        }
    }
}

impl Attempt {
    /// An attempt that failed before its templates were rendered.
    pub(super) fn failed(error: ActionError) -> Self {
        Self { input: None, generation: None, result: Err(error) }
    }
}

impl Runtime {
    pub(super) async fn attempt(&self, claim: &Claim) -> Attempt {
        let (mut input, mut generation) = (None, None);
        let result = self.try_attempt(claim, &mut input, &mut generation).await;
        Attempt { input, generation, result }
    }

    async fn try_attempt(
        &self,
        claim: &Claim,
        input: &mut Option<Value>,
        generation: &mut Option<GenerationId>,
    ) -> Result<Ended, ActionError> {
        let step = &claim.step;
        let run = self.registry.find(&step.integration, &step.operation);
        let missing = match &run {
            Some(run) if run.accepts_missing(&step.parameters) => Missing::IsNull,
            _ => Missing::Fails,
        };
        let budget = Budget::of(claim.execution.organization_id);
        let scope = self.scope(claim, &budget).await?;
        let (rendered, problems) = self.render(step, &scope, missing, &budget).await?;
        *input = Some(rendered.clone());
        if !problems.is_empty() {
            return Err(ActionError::bad_parameters(problems));
        }
        match (step.kind, run) {
            (step::Kind::Ai, _) => self.generate(claim, &rendered, generation).await,
            (step::Kind::Branch, _) => {
                let (templates, graph, id) = (self.renderer.clone(), claim.graph.clone(), step.id);
                let choose = move |deadline| branch::choose(&templates, &graph, id, &scope, deadline);
                self.tools.compute.run(&budget, choose).await
            }
            (_, Some(run)) => {
                let call = Call {
                    organization: claim.execution.organization_id,
                    flow: claim.execution.flow_id,
                    execution: claim.execution.id,
                    execution_step: claim.row.id,
                    attempt: claim.row.attempt,
                    integration: &step.integration,
                    operation: &step.operation,
                    parameters: rendered,
                    budget,
                    credential: self.credential(claim).await?,
                };
                run.run(&call, &self.tools).await.map(Into::into)
            }
            (_, None) => {
                let name = format!("{}/{}", step.integration, step.operation);
                Err(ActionError::permanent(
                    "UNKNOWN_OPERATION",
                    format!("the operation `{name}` does not exist any more"),
                ))
            }
        }
    }

    /// The variables of the step's templates: the values that they refer to.
    async fn scope(&self, claim: &Claim, budget: &Budget) -> Result<Scope, ActionError> {
        let (renderer, graph) = (self.renderer.clone(), claim.graph.clone());
        let (id, parameters) = (claim.step.id, claim.step.parameters.clone());
        let find = move |_| {
            let conditions = graph.links_from(id).filter_map(|link| link.condition.as_deref());
            renderer.needs(&parameters, conditions)
        };
        let needs = self.tools.compute.run(budget, find).await;
        let values = self.services.executions.values(claim, &needs).await.map_err(|error| {
            tracing::warn!(%error, execution_step.id = %claim.row.id, "the values of a step were not read");
            ActionError::temporary("UNAVAILABLE", UNAVAILABLE)
        })?;
        let steps: HashMap<String, Value> =
            values.outputs.into_iter().map(|(key, output)| (key, json!({ "output": output }))).collect();
        Ok(Scope::new(values.trigger.unwrap_or_default(), steps, json!({}), None))
    }

    /// Renders the templates of the parameters, and validates the result against the schema of the operation. Returns
    /// the problems as one text.
    async fn render(
        &self,
        step: &step::Model,
        scope: &Scope,
        missing: Missing,
        budget: &Budget,
    ) -> Result<(Value, String), ActionError> {
        let (templates, catalog, scope) =
            (self.renderer.clone(), self.services.flows.catalog().clone(), scope.clone());
        let (integration, operation) = (step.integration.clone(), step.operation.clone());
        let parameters = step.parameters.clone();
        let render = move |deadline| {
            let rendered = templates.render_with(&parameters, &scope, missing, deadline)?;
            let operation = catalog.operation(&integration, &operation);
            let problems = operation.map(|operation| operation.parameters.check(&rendered, "parameters"));
            let sentences: Vec<String> = problems
                .into_iter()
                .flatten()
                .map(|problem| format!("{}: {}", problem.path, problem.message))
                .collect();
            Ok((rendered, sentences.join("; ")))
        };
        self.tools.compute.run(budget, render).await
    }

    async fn credential(&self, claim: &Claim) -> Result<Option<Credential>, ActionError> {
        let Some(id) = claim.step.credential_id else { return Ok(None) };
        let (credentials, execution) = (&self.services.credentials, &claim.execution);
        let opened = credentials.open(execution.organization_id, execution.flow_id, id).await;
        opened.map(|opened| Some(Credential::new(credentials.clone(), opened))).map_err(|error| {
            tracing::warn!(
                %error,
                credential.id = %id,
                execution_step.id = %claim.row.id,
                "the credential of a step was not opened"
            );
            if error.code() == Code::Unavailable {
                return ActionError::temporary("UNAVAILABLE", UNAVAILABLE);
            }
            ActionError::permanent(
                "CREDENTIAL",
                "the credential of the step cannot be used: it was deleted, belongs to another flow, or cannot be \
                 decrypted; choose another",
            )
        })
    }

    async fn generate(
        &self,
        claim: &Claim,
        rendered: &Value,
        generation: &mut Option<GenerationId>,
    ) -> Result<Ended, ActionError> {
        let text = |field: &str| rendered.get(field).and_then(Value::as_str).map(str::to_owned);
        let mut parameters: Parameters = match rendered.get("parameters") {
            Some(given) => serde_json::from_value(given.clone())
                .map_err(|error| ActionError::bad_parameters(error.to_string()))?,
            None => Parameters::default(),
        };
        parameters.json_schema = rendered.get("json_schema").cloned();
        let owner = self
            .services
            .flows
            .owner(access::Scope::whole(claim.execution.organization_id), claim.execution.flow_id)
            .await
            .map_err(|error| {
                tracing::warn!(
                    %error,
                    flow.id = %claim.execution.flow_id,
                    execution_step.id = %claim.row.id,
                    "the owner of a flow was not read"
                );
                ActionError::temporary("UNAVAILABLE", UNAVAILABLE)
            })?;
        let request = StepRequest {
            organization: claim.execution.organization_id,
            owner,
            flow_id: claim.execution.flow_id,
            execution_id: claim.execution.id,
            execution_step_id: claim.row.id,
            model: text("model").unwrap_or_default(),
            system: text("system"),
            prompt: text("prompt").unwrap_or_default(),
            parameters,
        };
        let answer = self.generator.run_step_generation(request).await.map_err(from_model)?;
        *generation = Some(answer.generation_id);
        let output = json!({ "text": answer.text, "object": answer.object, "usage": usage(&answer.usage) });
        Ok(Ended::Done { output, exit: Exit::Continue })
    }
}

fn usage(usage: &Usage) -> Value {
    json!({
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "cachedInputTokens": usage.cached_input_tokens,
        "reasoningTokens": usage.reasoning_tokens,
        "costMicros": usage.cost_micros,
    })
}

fn from_model(error: ModelError) -> ActionError {
    if error.retryable {
        ActionError::temporary(error.code, error.message)
    } else {
        ActionError::permanent(error.code, error.message)
    }
}
