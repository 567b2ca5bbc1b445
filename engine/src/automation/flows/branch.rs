//! Evaluates the links of a branch: the first whose condition holds is followed, otherwise the one without a condition.

use serde_json::json;
use triptych_entities::relational::automation::{execution_step::Exit, step_link};
use triptych_services::automation::executions::Claim;

use super::attempt::Ended;
use crate::automation::{
    integrations::ActionError,
    templates::{Renderer, Scope},
};

/// Evaluates the conditions in order. The output names the key of the chosen step, or null when no condition
/// holds, for templates and for the history; what runs next follows from the exit alone.
pub(super) fn choose(renderer: &Renderer, claim: &Claim, scope: &Scope) -> Result<Ended, ActionError> {
    let mut chosen = None;
    for link in claim.graph.links_from(claim.step.id).filter(|link| link.kind == step_link::Kind::Branch) {
        match &link.condition {
            Some(condition) => {
                if renderer.evaluate_condition(condition, scope)? {
                    chosen = Some(link.to_step_id);
                    break;
                }
            }
            None => chosen = chosen.or(Some(link.to_step_id)),
        }
    }
    let key = chosen.and_then(|id| claim.graph.step(id)).map(|step| step.key.as_str());
    Ok(Ended::Done { output: json!({ "taken": key }), exit: Exit::Branch(chosen) })
}
