//! Whether a graph makes sense. Every problem is found in one pass and named by its path in the input.

use std::collections::{HashMap, HashSet, VecDeque};

use triptych_entities::relational::automation::{step, step_link};
use triptych_stores::error::{Invalid, Problem};

use super::{
    spec::{GraphSpec, LinkSpec, StepSpec},
    templates::Templates,
};
use crate::automation::integrations::{Catalog, Operation, Start};

/// How much must be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Nothing may be wrong, but things may be missing.
    Draft,
    /// It could run as it is.
    Complete,
}

/// The most steps of a graph.
const MAX_STEPS: usize = 200;
const MAX_LINKS: usize = 1_000;

/// Checks graphs against the catalogue.
pub struct Validator<'a> {
    pub catalog: &'a Catalog,
    pub templates: &'a dyn Templates,
}

impl Validator<'_> {
    /// # Errors
    /// All problems at once.
    pub fn check(&self, graph: &GraphSpec, strictness: Strictness) -> Result<(), Invalid> {
        if graph.steps.len() > MAX_STEPS {
            return Err(Invalid::one("steps", format!("a flow has at most {MAX_STEPS} steps")));
        }
        if graph.links.len() > MAX_LINKS {
            return Err(Invalid::one("links", format!("a flow has at most {MAX_LINKS} links")));
        }
        let mut problems = Vec::new();
        let mut keys = HashMap::new();
        for (index, step) in graph.steps.iter().enumerate() {
            self.check_step(index, step, strictness, &mut problems);
            if keys.insert(step.key.as_str(), index).is_some() {
                let message = format!("another step has the key `{}` already", step.key);
                problems.push(Problem::new(format!("steps.{index}.key"), message));
            }
        }
        self.check_triggers(graph, strictness, &mut problems);
        let links = links_of(graph);
        for (index, link) in graph.links.iter().enumerate() {
            self.check_link(index, link, graph, &keys, &mut problems);
        }
        if problems.is_empty() {
            self.check_shape(graph, &links, &keys, &mut problems);
        }
        Invalid::check(problems)
    }

    fn check_step(&self, index: usize, step: &StepSpec, strictness: Strictness, problems: &mut Vec<Problem>) {
        let at = |field: &str| format!("steps.{index}.{field}");
        if !is_key(&step.key) {
            let message = "must be a letter, then up to 63 letters, digits or underscores";
            problems.push(Problem::new(at("key"), message));
        }
        if step.name.as_ref().is_some_and(|name| !(1..=200).contains(&name.chars().count())) {
            problems.push(Problem::new(at("name"), "must have 1 to 200 characters"));
        }
        if step.timeout_seconds.is_some_and(|seconds| !(1..=3600).contains(&seconds)) {
            problems.push(Problem::new(at("timeoutSeconds"), "must be between 1 and 3600"));
        }
        if let Some(retry) = &step.retry {
            let in_range = (1..=50).contains(&retry.max_attempts)
                && (0..=86_400_000).contains(&retry.initial_delay_ms)
                && (0..=86_400_000).contains(&retry.max_delay_ms)
                && (1.0..=10.0).contains(&retry.multiplier);
            if !in_range {
                let message =
                    "needs 1 to 50 attempts, delays of 0 to 86400000 ms and a multiplier of 1 to 10";
                problems.push(Problem::new(at("retry"), message));
            }
        }
        let Some(integration) = self.catalog.integration(&step.integration) else {
            let message = format!("there is no integration `{}`", step.integration);
            problems.push(Problem::new(at("integration"), message));
            return;
        };
        let Some(operation) = self.catalog.operation(&step.integration, &step.operation) else {
            let known: Vec<_> =
                integration.operations.iter().map(|operation| operation.key.as_str()).collect();
            let message = format!(
                "`{}` has no operation `{}`; it has {}",
                step.integration,
                step.operation,
                known.join(", ")
            );
            problems.push(Problem::new(at("operation"), message));
            return;
        };
        if step.kind.is_some_and(|kind| kind != operation.kind) {
            let message =
                format!("`{}/{}` is of another kind; leave it out", step.integration, step.operation);
            problems.push(Problem::new(at("kind"), message));
        }
        let needed = integration.credential.as_ref().is_some_and(|kind| kind.required);
        if needed && step.credential_id.is_none() && strictness == Strictness::Complete {
            let message = format!("`{}` needs a credential", step.integration);
            problems.push(Problem::new(at("credentialId"), message));
        }
        self.check_parameters(&at("parameters"), step, operation, strictness, problems);
    }

    fn check_parameters(
        &self,
        root: &str,
        step: &StepSpec,
        operation: &Operation,
        strictness: Strictness,
        problems: &mut Vec<Problem>,
    ) {
        if !step.parameters.is_object() {
            problems.push(Problem::new(root, "must be an object"));
            return;
        }
        problems.extend(match strictness {
            Strictness::Draft => operation.parameters.check_draft(&step.parameters, root),
            Strictness::Complete => operation.parameters.check_complete(&step.parameters, root),
        });
        problems.extend(self.templates.problems(root, &step.parameters));
        if let Some(Start::Schedule(schedule)) = &operation.start {
            problems.extend(schedule.problem(&step.parameters, root));
        }
    }

    fn check_triggers(&self, graph: &GraphSpec, strictness: Strictness, problems: &mut Vec<Problem>) {
        let triggers: Vec<usize> =
            (0..graph.steps.len()).filter(|index| self.is_trigger(&graph.steps[*index])).collect();
        if triggers.is_empty() && strictness == Strictness::Complete {
            problems.push(Problem::new("steps", "a trigger is missing"));
        }
        for extra in triggers.iter().skip(1) {
            problems.push(Problem::new(format!("steps.{extra}"), "a flow has one trigger only"));
        }
    }

    fn kind(&self, step: &StepSpec) -> Option<step::Kind> {
        self.catalog.operation(&step.integration, &step.operation).map(|operation| operation.kind)
    }

    fn is_trigger(&self, step: &StepSpec) -> bool {
        self.kind(step) == Some(step::Kind::Trigger)
    }

    fn check_link(
        &self,
        index: usize,
        link: &LinkSpec,
        graph: &GraphSpec,
        keys: &HashMap<&str, usize>,
        problems: &mut Vec<Problem>,
    ) {
        let mut problem = |field: &str, message: String| {
            problems.push(Problem::new(format!("links.{index}.{field}"), message));
        };
        for (field, key) in [("from", &link.from), ("to", &link.to)] {
            if !keys.contains_key(key.as_str()) {
                problem(field, format!("there is no step `{key}`"));
            }
        }
        let step = |key: &str| keys.get(key).map(|index| &graph.steps[*index]);
        if step(&link.to).is_some_and(|step| self.is_trigger(step)) {
            problem("to", "nothing can lead to the trigger".to_owned());
        }
        let from_branch = step(&link.from).and_then(|step| self.kind(step)) == Some(step::Kind::Branch);
        match link.kind {
            step_link::Kind::Branch if !from_branch => {
                problem("kind", "only a branch step has links of kind BRANCH".to_owned());
            }
            step_link::Kind::LoopBody => problem("kind", "loops are not available yet".to_owned()),
            step_link::Kind::Next | step_link::Kind::Error if link.condition.is_some() => {
                problem("condition", "only links of kind BRANCH carry a condition".to_owned());
            }
            _ => {}
        }
        if let Some(message) =
            link.condition.as_deref().and_then(|text| self.templates.condition_problem(text))
        {
            problem("condition", message);
        }
        let same =
            |other: &LinkSpec| other.from == link.from && other.to == link.to && other.kind == link.kind;
        if graph.links[..index].iter().any(same) {
            problem("to", "these two steps are linked already".to_owned());
        }
    }

    /// Cycles, steps that nothing reaches, and templates that look at steps which do not run before them.
    fn check_shape(
        &self,
        graph: &GraphSpec,
        links: &[LinkSpec],
        keys: &HashMap<&str, usize>,
        problems: &mut Vec<Problem>,
    ) {
        let edges: Vec<(usize, usize)> =
            links.iter().map(|link| (keys[link.from.as_str()], keys[link.to.as_str()])).collect();
        let order = topological_order(graph.steps.len(), &edges);
        if order.len() < graph.steps.len() {
            let path = if graph.links.is_empty() { "steps" } else { "links" };
            let stuck = (0..graph.steps.len()).filter(|index| !order.contains(index));
            let names: Vec<_> = stuck.map(|index| graph.steps[index].key.as_str()).collect();
            problems.push(Problem::new(path, format!("these steps lead in a cycle: {}", names.join(", "))));
            return;
        }
        let Some(trigger) = graph.steps.iter().position(|step| self.is_trigger(step)) else { return };
        let reached = reachable(trigger, &edges);
        for (index, step) in graph.steps.iter().enumerate() {
            if !reached.contains(&index) {
                let message = format!("nothing leads from the trigger to `{}`", step.key);
                problems.push(Problem::new(format!("steps.{index}"), message));
            }
        }
        let reversed: Vec<_> = edges.iter().map(|(from, to)| (*to, *from)).collect();
        for (index, step) in graph.steps.iter().enumerate() {
            let before = reachable(index, &reversed);
            for (path, key) in self.templates.references(&step.parameters) {
                let message = match keys.get(key.as_str()) {
                    None => format!("there is no step `{key}`"),
                    Some(other) if *other == index || !before.contains(other) => {
                        format!("`{key}` does not run before this step")
                    }
                    Some(_) => continue,
                };
                problems.push(Problem::new(format!("steps.{index}.parameters.{path}"), message));
            }
        }
    }
}

/// The links, or the line that stands for none.
pub(super) fn links_of(graph: &GraphSpec) -> Vec<LinkSpec> {
    if !graph.links.is_empty() {
        return graph.links.clone();
    }
    graph
        .steps
        .windows(2)
        .map(|pair| LinkSpec {
            from: pair[0].key.clone(),
            to: pair[1].key.clone(),
            kind: step_link::Kind::Next,
            condition: None,
        })
        .collect()
}

fn is_key(key: &str) -> bool {
    key.len() <= 64
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn topological_order(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut incoming = vec![0; count];
    for (_, to) in edges {
        incoming[*to] += 1;
    }
    let mut ready: VecDeque<usize> = (0..count).filter(|index| incoming[*index] == 0).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(next) = ready.pop_front() {
        order.push(next);
        for (_, to) in edges.iter().filter(|(from, _)| *from == next) {
            incoming[*to] -= 1;
            if incoming[*to] == 0 {
                ready.push_back(*to);
            }
        }
    }
    order
}

fn reachable(start: usize, edges: &[(usize, usize)]) -> HashSet<usize> {
    let mut seen = HashSet::from([start]);
    let mut open = vec![start];
    while let Some(next) = open.pop() {
        for (_, to) in edges.iter().filter(|(from, _)| *from == next) {
            if seen.insert(*to) {
                open.push(*to);
            }
        }
    }
    seen
}
