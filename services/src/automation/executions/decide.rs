//! What follows from what has happened, as a pure function of the graph and the states of its steps.

use std::collections::HashMap;

use triptych_entities::{
    ids::StepId,
    relational::automation::{
        execution_step::{Exit, Status},
        step, step_link,
    },
};

use crate::automation::flows::Graph;

/// The state of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepState {
    pub status: Status,
    /// Counts only once the step has succeeded.
    pub exit: Exit,
}

/// What to do next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Steps whose predecessors have ended, and to which at least one of them leads.
    pub start: Vec<StepId>,
    /// Steps to which no path leads any more, and the reason.
    pub skip: Vec<(StepId, &'static str)>,
    pub ending: Option<Ending>,
}

/// How the execution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Succeeded,
    /// This step failed and no error link leads on from it.
    Failed(StepId),
}

/// Whether a link leads to its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Live,
    Dead(&'static str),
    /// Not known yet: the step that it leaves has not ended.
    Open,
}

/// Decides about the steps without a state. A step with several predecessors waits for all of them; a step to which no
/// path leads any more is skipped, and so are its successors.
#[must_use]
pub fn decide(graph: &Graph, states: &HashMap<StepId, StepState>) -> Decision {
    let mut decision = Decision::default();
    let mut states = states.clone();
    // A failure without an error link ends the execution, even if other steps could run.
    let unhandled = graph.steps.iter().find(|step| {
        states.get(&step.id).is_some_and(|state| state.status == Status::Failed)
            && !graph.links_from(step.id).any(|link| link.kind == step_link::Kind::Error)
    });
    // A skipped step can decide about its successors, so the loop continues until nothing changes.
    loop {
        let known = states.len();
        for step in &graph.steps {
            if states.contains_key(&step.id) || step.kind == step::Kind::Trigger {
                continue;
            }
            match path_to(graph, step.id, &states) {
                Path::Open => {}
                Path::Live => {
                    if unhandled.is_none() && !decision.start.contains(&step.id) {
                        decision.start.push(step.id);
                    }
                }
                Path::Dead(reason) => {
                    decision.skip.push((step.id, reason));
                    states.insert(step.id, StepState { status: Status::Skipped, exit: Exit::Continue });
                }
            }
        }
        if states.len() == known {
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

/// All the links to a step together.
fn path_to(graph: &Graph, id: StepId, states: &HashMap<StepId, StepState>) -> Path {
    let mut together = None;
    for link in graph.links_to(id) {
        match (path_of(link, states), together) {
            (Path::Open, _) => return Path::Open,
            (Path::Live, _) => together = Some(Path::Live),
            (dead, None) => together = Some(dead),
            (Path::Dead(_), Some(_)) => {}
        }
    }
    together.unwrap_or(Path::Dead("nothing leads to it"))
}

fn path_of(link: &step_link::Model, states: &HashMap<StepId, StepState>) -> Path {
    use step_link::Kind;
    let Some(from) = states.get(&link.from_step_id) else { return Path::Open };
    match (from.status, link.kind) {
        (Status::Queued | Status::Running | Status::Waiting, _) => Path::Open,
        (Status::Failed, Kind::Error) => Path::Live,
        (Status::Failed, _) => Path::Dead("the step before it failed"),
        (Status::Succeeded, Kind::Error) => Path::Dead("the step before it did not fail"),
        (Status::Succeeded, Kind::Next) if from.exit == Exit::Stop => Path::Dead("the filter did not pass"),
        (Status::Succeeded, Kind::Next) => Path::Live,
        (Status::Succeeded, Kind::Branch) if from.exit == Exit::Branch(Some(link.to_step_id)) => Path::Live,
        (Status::Succeeded, Kind::Branch) => Path::Dead("its branch was not taken"),
        (Status::Succeeded, Kind::LoopBody) => Path::Dead("its loop did not run"),
        (Status::Skipped, _) => Path::Dead("the step before it was skipped"),
        (Status::Canceled, _) => Path::Dead("the step before it was canceled"),
    }
}

#[cfg(test)]
mod tests;
