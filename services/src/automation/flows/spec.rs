//! A graph as its author writes it, before it is checked.

use serde_json::Value;
use triptych_entities::{
    ids::CredentialId,
    relational::automation::{step, step_link},
};
use triptych_stores::error::StoreError;

use super::{graph::Graph, retry::RetryPolicy};

/// A whole graph. With no links at all, the steps run in the order given.
#[derive(Debug, Clone, Default)]
pub struct GraphSpec {
    pub steps: Vec<StepSpec>,
    pub links: Vec<LinkSpec>,
}

#[derive(Debug, Clone)]
pub struct StepSpec {
    pub key: String,
    pub name: Option<String>,
    /// Follows from the operation when absent.
    pub kind: Option<step::Kind>,
    pub integration: String,
    pub operation: String,
    pub parameters: Value,
    pub credential_id: Option<CredentialId>,
    pub retry: Option<RetryPolicy>,
    pub timeout_seconds: Option<i32>,
}

#[derive(Debug, Clone)]
pub struct LinkSpec {
    /// Step keys.
    pub from: String,
    pub to: String,
    pub kind: step_link::Kind,
    pub condition: Option<String>,
}

impl GraphSpec {
    /// A stored graph as its author would write it.
    ///
    /// # Errors
    /// `Corrupt` if a step's stored retry policy cannot be read.
    pub fn of(graph: &Graph) -> Result<Self, StoreError> {
        let key = |id| graph.step(id).map(|step| step.key.clone()).unwrap_or_default();
        let links = graph.links.iter().map(|link| LinkSpec {
            from: key(link.from_step_id),
            to: key(link.to_step_id),
            kind: link.kind,
            condition: link.condition.clone(),
        });
        Ok(Self {
            steps: graph.steps.iter().map(StepSpec::of).collect::<Result<_, _>>()?,
            links: links.collect(),
        })
    }
}

impl StepSpec {
    fn of(step: &step::Model) -> Result<Self, StoreError> {
        Ok(Self {
            key: step.key.clone(),
            name: Some(step.name.clone()),
            kind: Some(step.kind),
            integration: step.integration.clone(),
            operation: step.operation.clone(),
            parameters: step.parameters.clone(),
            credential_id: step.credential_id,
            retry: RetryPolicy::stored(step)?,
            timeout_seconds: step.timeout_seconds,
        })
    }
}
