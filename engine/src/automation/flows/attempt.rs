//! One attempt at a step: fill in the templates, check what came of it, run the operation.

use std::collections::HashMap;

use serde_json::{Value, json};
use triptych_entities::{
    documents::conversations::generation::{Parameters, Usage},
    ids::GenerationId,
    relational::automation::step,
};
use triptych_services::{
    access,
    automation::executions::Claim,
    conversations::generations::StepPrompt,
    storable::storable,
};

use super::{Runtime, branch};
use crate::{
    automation::{
        integrations::{ActionError, Call, Outcome},
        templates::{Missing, Scope},
    },
    conversations::models::ModelError,
};

/// What an attempt came to, and what goes into the history with it.
pub(super) struct Attempt {
    /// The parameters with templates filled in, as far as that went.
    pub(super) input: Option<Value>,
    pub(super) generation: Option<GenerationId>,
    pub(super) result: Result<Outcome, ActionError>,
}

impl Runtime {
    pub(super) async fn attempt(&self, claim: &Claim) -> Attempt {
        let mut attempt = Attempt { input: None, generation: None, result: Ok(Outcome::Done(Value::Null)) };
        attempt.result = self.try_to(claim, &mut attempt.input, &mut attempt.generation).await;
        attempt
    }

    async fn try_to(
        &self,
        claim: &Claim,
        input: &mut Option<Value>,
        generation: &mut Option<GenerationId>,
    ) -> Result<Outcome, ActionError> {
        let step = &claim.step;
        let run = self.registry.find(&step.integration, &step.operation);
        let missing = match &run {
            Some(run) if run.accepts_missing(&step.parameters) => Missing::IsNull,
            _ => Missing::Fails,
        };
        let scope = scope(claim);
        let rendered = self.renderer.render_with(&step.parameters, &scope, missing)?;
        *input = Some(rendered.clone());
        self.check(step, &rendered)?;
        match (step.kind, run) {
            (step::Kind::Ai, _) => self.ask(claim, &rendered, generation).await,
            (step::Kind::Branch, _) => Ok(Outcome::Done(branch::choose(&self.renderer, claim, &scope)?)),
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
                    credential: self.credential(claim).await?,
                };
                run.run(&call, &self.tools).await
            }
            (_, None) => {
                let name = format!("{}/{}", step.integration, step.operation);
                Err(ActionError::permanent(
                    "UNKNOWN_OPERATION",
                    format!("there is no operation `{name}` any more"),
                ))
            }
        }
    }

    /// The parameters against the operation's schema, now that the templates are filled in.
    fn check(&self, step: &step::Model, rendered: &Value) -> Result<(), ActionError> {
        let catalog = self.services.flows.catalog();
        let Some(operation) = catalog.operation(&step.integration, &step.operation) else { return Ok(()) };
        let problems = operation.parameters.check(rendered, "parameters");
        if problems.is_empty() {
            return Ok(());
        }
        let sentences: Vec<String> =
            problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        Err(ActionError::bad_parameters(sentences.join("; ")))
    }

    async fn credential(&self, claim: &Claim) -> Result<Option<Value>, ActionError> {
        let Some(id) = claim.step.credential_id else { return Ok(None) };
        let opened = self.services.credentials.open(claim.execution.organization_id, id).await;
        opened.map(Some).map_err(|error| {
            tracing::warn!(%error, credential.id = %id, "a credential could not be opened");
            ActionError::permanent(
                "CREDENTIAL",
                "the step's credential cannot be opened; choose or make it again",
            )
        })
    }

    async fn ask(
        &self,
        claim: &Claim,
        rendered: &Value,
        generation: &mut Option<GenerationId>,
    ) -> Result<Outcome, ActionError> {
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
                tracing::warn!(%error, "a flow's owner could not be read");
                ActionError::temporary("UNAVAILABLE", "a database is away")
            })?;
        let prompt = StepPrompt {
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
        let answer = self.generator.run_step_generation(prompt).await.map_err(from_model)?;
        *generation = Some(answer.generation_id);
        let output = json!({ "text": answer.text, "object": answer.object, "usage": usage(&answer.usage) });
        if !storable(&output) {
            return Err(ActionError::permanent(
                "BAD_OUTPUT",
                "the answer holds characters that cannot be stored",
            ));
        }
        Ok(Outcome::Done(output))
    }
}

fn scope(claim: &Claim) -> Scope {
    let steps: HashMap<String, Value> =
        claim.outputs.iter().map(|(key, output)| (key.clone(), json!({ "output": output }))).collect();
    let trigger = claim.execution.trigger.clone().unwrap_or(Value::Null);
    Scope::new(trigger, steps, json!({}), None)
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
