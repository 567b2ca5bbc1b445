//! Evaluates the links of a branch: the first whose condition holds is followed, otherwise the one without a condition.

use serde_json::json;
use triptych_entities::{
    ids::StepId,
    relational::automation::{execution_step::Exit, step_link},
};
use triptych_services::automation::flows::Graph;

use super::attempt::Ended;
use crate::{
    automation::{
        integrations::ActionError,
        templates::{Renderer, Scope},
    },
    compute::Deadline,
};

/// Evaluates the conditions in order. The output names the key of the chosen step, or null when no condition
/// holds, for templates and for the history; what runs next follows from the exit alone.
pub(super) fn choose(
    renderer: &Renderer,
    graph: &Graph,
    step: StepId,
    scope: &Scope,
    deadline: Deadline,
) -> Result<Ended, ActionError> {
    let mut chosen = None;
    for link in graph.links_from(step).filter(|link| link.kind == step_link::Kind::Branch) {
        match &link.condition {
            Some(condition) => {
                deadline.check()?;
                if renderer.evaluate_condition(condition, scope)? {
                    chosen = Some(link.to_step_id);
                    break;
                }
            }
            None => chosen = chosen.or(Some(link.to_step_id)),
        }
    }
    let key = chosen.and_then(|id| graph.step(id)).map(|step| step.key.as_str());
    Ok(Ended::Done { output: json!({ "taken": key }), exit: Exit::Branch(chosen) })
}
