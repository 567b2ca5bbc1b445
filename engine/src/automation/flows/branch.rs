//! Choosing among a branch's links: the first whose condition holds, or else the one without a condition.

use serde_json::{Value, json};
use triptych_entities::relational::automation::step_link;
use triptych_services::automation::executions::Claim;

use crate::automation::{
    integrations::ActionError,
    templates::{Renderer, Scope},
};

/// The output of a branch step: `taken` is the key of the chosen step, or null when no condition holds.
pub(super) fn choose(renderer: &Renderer, claim: &Claim, scope: &Scope) -> Result<Value, ActionError> {
    let mut otherwise = None;
    for link in claim.graph.links_from(claim.step.id).filter(|link| link.kind == step_link::Kind::Branch) {
        let target = claim.graph.step(link.to_step_id).map(|step| step.key.as_str());
        match &link.condition {
            Some(condition) => {
                if renderer.evaluate_condition(condition, scope)? {
                    return Ok(json!({ "taken": target }));
                }
            }
            None => otherwise = otherwise.or(target),
        }
    }
    Ok(json!({ "taken": otherwise }))
}
