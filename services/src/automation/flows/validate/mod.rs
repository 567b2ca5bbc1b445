//! Validates graphs. One pass finds all problems, each with its path in the input.

mod links;
mod shape;
mod step;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use triptych_entities::relational::automation::{step as row, step_link};
use triptych_stores::error::Invalid;

use super::{
    spec::{GraphSpec, StepSpec},
    templates::Templates,
};
use crate::automation::integrations::Catalog;
use crate::input::{Problems, StepKey, StepName, TimeLimit};

/// How strictly a graph is validated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Required values may be missing.
    Draft,
    /// The flow can be run.
    Complete,
}

/// Maximum number of steps of a graph.
const MAX_STEPS: usize = 200;
const MAX_LINKS: usize = 1_000;

/// Validates graphs against the catalogue of integrations.
pub struct Validator<'a> {
    pub catalog: &'a Catalog,
    pub templates: &'a dyn Templates,
}

/// A valid graph. Only the validator creates it.
#[derive(Debug)]
pub struct ValidGraph<'a> {
    pub(super) steps: Vec<ValidStep<'a>>,
    pub(super) links: Vec<ValidLink<'a>>,
}

#[derive(Debug)]
pub(super) struct ValidStep<'a> {
    pub(super) key: StepKey,
    pub(super) name: Option<StepName>,
    pub(super) kind: row::Kind,
    pub(super) time_limit: Option<TimeLimit>,
    pub(super) spec: &'a StepSpec,
}

/// A link between two steps, by their indexes.
#[derive(Debug)]
pub(super) struct ValidLink<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: step_link::Kind,
    pub(super) condition: Option<&'a str>,
}

impl Validator<'_> {
    /// Validates a graph.
    ///
    /// # Errors
    /// All problems that were found.
    pub fn check<'g>(&self, graph: &'g GraphSpec, strictness: Strictness) -> Result<ValidGraph<'g>, Invalid> {
        if graph.steps.len() > MAX_STEPS {
            return Err(Invalid::one("steps", format!("a flow has at most {MAX_STEPS} steps")));
        }
        if graph.links.len() > MAX_LINKS {
            return Err(Invalid::one("links", format!("a flow has at most {MAX_LINKS} links")));
        }
        let mut problems = Problems::default();
        let mut steps = Vec::with_capacity(graph.steps.len());
        let mut places = HashMap::with_capacity(graph.steps.len());
        for (index, step) in graph.steps.iter().enumerate() {
            steps.extend(self.check_step(index, step, strictness, &mut problems));
            if places.insert(step.key.as_str(), index).is_some() {
                let message = format!("another step has the key `{}` already", step.key);
                problems.add(format!("steps.{index}.key"), message);
            }
        }
        self.check_triggers(graph, strictness, &mut problems);
        let links = self.check_links(graph, &places, &mut problems);
        let valid = ValidGraph { steps, links };
        // Only without problems do the indexes of steps and links correspond to those of the input.
        if problems.is_empty() {
            self.check_shape(&valid, &places, graph.links.is_empty(), &mut problems);
        }
        problems.check()?;
        Ok(valid)
    }

    fn check_triggers(&self, graph: &GraphSpec, strictness: Strictness, problems: &mut Problems) {
        let mut triggers = (0..graph.steps.len())
            .filter(|index| self.kind(&graph.steps[*index]) == Some(row::Kind::Trigger));
        if triggers.next().is_none() && strictness == Strictness::Complete {
            problems.add("steps", "a trigger is missing");
        }
        for extra in triggers {
            problems.add(format!("steps.{extra}"), "a flow has one trigger only");
        }
    }

    /// `None` for a step whose operation does not exist.
    fn kind(&self, step: &StepSpec) -> Option<row::Kind> {
        self.catalog.operation(&step.integration, &step.operation).map(|operation| operation.kind)
    }
}
