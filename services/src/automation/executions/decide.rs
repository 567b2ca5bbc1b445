//! What follows from the results so far: a pure function of the graph and the states of its steps.

use std::collections::HashMap;

use serde_json::Value;
use triptych_entities::{
    ids::StepId,
    relational::automation::{execution_step::Status, step, step_link},
};

use crate::automation::flows::Graph;

/// How far one step is. Only branches' and filters' outputs are looked at.
#[derive(Debug, Clone)]
pub struct StepState {
    pub status: Status,
    pub output: Option<Value>,
}

/// What to do next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Steps whose predecessors are done and at least one of which leads here.
    pub start: Vec<StepId>,
    /// Steps that nothing will lead to any more, and why.
    pub skip: Vec<(StepId, &'static str)>,
    pub ending: Option<Ending>,
}

/// How the execution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    /// This step failed and nothing handles it.
    Failed(StepId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Live,
    Dead(&'static str),
    Open,
}

/// Looks at every step that has no state yet. A step with several predecessors waits for all of them; a step
/// that all paths have turned away from is skipped, and so are those behind it.
#[must_use]
pub fn decide(graph: &Graph, states: &HashMap<StepId, StepState>) -> Decision {
    let mut decision = Decision::default();
    let mut states = states.clone();
    // A failure that no error link handles ends the execution, whatever else could still run.
    let unhandled = graph.steps.iter().find(|step| {
        states.get(&step.id).is_some_and(|state| state.status == Status::Failed)
            && !graph.links_from(step.id).any(|link| link.kind == step_link::Kind::Error)
    });
    loop {
        let mut changed = false;
        for step in &graph.steps {
            if states.contains_key(&step.id) || step.kind == step::Kind::Trigger {
                continue;
            }
            let paths: Vec<Path> =
                graph.links_to(step.id).map(|link| path_of(graph, link, &states)).collect();
            if paths.contains(&Path::Open) {
                continue;
            }
            if paths.contains(&Path::Live) {
                if unhandled.is_none() && !decision.start.contains(&step.id) {
                    decision.start.push(step.id);
                }
            } else {
                let reason = paths
                    .iter()
                    .find_map(|path| match path {
                        Path::Dead(reason) => Some(*reason),
                        _ => None,
                    })
                    .unwrap_or("nothing leads to it");
                decision.skip.push((step.id, reason));
                states.insert(step.id, StepState { status: Status::Skipped, output: None });
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let open = states.values().any(|state| !state.status.is_final());
    decision.ending = match unhandled {
        Some(step) => Some(Ending::Failed(step.id)),
        None if open || !decision.start.is_empty() => None,
        None => Some(Ending::Succeeded),
    };
    decision
}

fn path_of(graph: &Graph, link: &step_link::Model, states: &HashMap<StepId, StepState>) -> Path {
    let (Some(state), Some(from)) = (states.get(&link.from_step_id), graph.step(link.from_step_id)) else {
        return Path::Open;
    };
    match (state.status, link.kind) {
        (reached, _) if !reached.is_final() => Path::Open,
        (Status::Failed, step_link::Kind::Error) => Path::Live,
        (Status::Failed, _) => Path::Dead("the step before it failed"),
        (Status::Succeeded, step_link::Kind::Error) => Path::Dead("the step before it did not fail"),
        (Status::Succeeded, step_link::Kind::Next) if filtered(from, state) => {
            Path::Dead("the filter did not pass")
        }
        (Status::Succeeded, step_link::Kind::Next) => Path::Live,
        (Status::Succeeded, step_link::Kind::Branch) if taken(graph, link, state) => Path::Live,
        (Status::Succeeded, step_link::Kind::Branch) => Path::Dead("its branch was not taken"),
        (Status::Skipped, _) => Path::Dead("the step before it was skipped"),
        (_, _) => Path::Dead("the step before it was canceled"),
    }
}

fn filtered(step: &step::Model, state: &StepState) -> bool {
    step.kind == step::Kind::Filter
        && state.output.as_ref().and_then(|output| output.get("passed")) == Some(&Value::Bool(false))
}

/// A branch's output names the step that it chose.
fn taken(graph: &Graph, link: &step_link::Model, state: &StepState) -> bool {
    let chosen = state.output.as_ref().and_then(|output| output.get("taken")).and_then(Value::as_str);
    chosen.is_some() && chosen == graph.step(link.to_step_id).map(|step| step.key.as_str())
}
