//! `filter`: lets an execution pass, or ends it.

mod compare;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::{ActionError, Call, Definition, Outcome, Run, Tools};
use compare::{Condition, OPERATORS};

pub(super) fn definition() -> Definition {
    Definition {
        key: "filter",
        name: "Filter",
        description: "Lets a flow go on only if conditions hold.",
        credential: None,
        operations: vec![(continue_if(), Some(Arc::new(ContinueIf)))],
    }
}

fn continue_if() -> Operation {
    let anything = "Text, a number, true/false, a list, an object or null.";
    Operation {
        key: "continue_if",
        name: "Go on if",
        description: "Goes on if all the conditions of at least one group hold. Otherwise what follows is \
                      skipped. Numbers compare as numbers, also when given as text; RFC 3339 dates as moments. \
                      A value that is not there is null.",
        kind: Kind::Filter,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["conditions"],
            "properties": {
                "conditions": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 50,
                    "description": "Groups, of which one must hold.",
                    "examples": [[[{
                        "value": "{{ trigger.body.amount }}",
                        "operator": "greater_than",
                        "against": 100
                    }]]],
                    "items": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 50,
                        "description": "Conditions, of which all must hold.",
                        "items": {
                            "type": "object",
                            "additionalProperties": false,
                            "required": ["value", "operator"],
                            "properties": {
                                "value": { "description": anything },
                                "operator": { "type": "string", "enum": OPERATORS },
                                "against": {
                                    "description": "What the value is compared with. A list for `in`, a regular \
                                                    expression for `matches`; not used by `exists`, \
                                                    `not_exists`, `is_true` and `is_false`."
                                }
                            }
                        }
                    }
                }
            }
        }),
        output: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["passed"],
            "properties": {
                "passed": { "type": "boolean", "description": "Whether the flow goes on." }
            }
        }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    conditions: Vec<Vec<Condition>>,
}

struct ContinueIf;

#[async_trait]
impl Run for ContinueIf {
    async fn run(&self, call: &Call<'_>, _: &Tools) -> Result<Outcome, ActionError> {
        let Parameters { conditions } = call.parameters()?;
        let passed = passes(&conditions)?;
        let output = json!({ "passed": passed });
        Ok(if passed { Outcome::Done(output) } else { Outcome::Stopped(output) })
    }

    fn accepts_missing(&self, _: &Value) -> bool {
        true
    }
}

fn passes(groups: &[Vec<Condition>]) -> Result<bool, ActionError> {
    for (group, conditions) in groups.iter().enumerate() {
        let mut all = true;
        for (index, condition) in conditions.iter().enumerate() {
            // Every condition is evaluated, so that a broken one is found whatever the others say.
            all &= condition.holds().map_err(|message| {
                ActionError::bad_parameters(format!("conditions.{group}.{index}: {message}"))
            })?;
        }
        if all && !conditions.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(conditions: Value) -> Result<bool, ActionError> {
        passes(&serde_json::from_value::<Vec<Vec<Condition>>>(conditions).unwrap())
    }

    #[test]
    fn one_group_must_hold_with_all_its_conditions() {
        let yes = json!({ "value": 1, "operator": "equal", "against": 1 });
        let no = json!({ "value": 1, "operator": "equal", "against": 2 });
        assert!(passed(json!([[yes, yes]])).unwrap());
        assert!(!passed(json!([[yes, no]])).unwrap());
        assert!(passed(json!([[yes, no], [yes]])).unwrap());
        assert!(!passed(json!([[no], [no]])).unwrap());
        assert!(!passed(json!([])).unwrap());
        assert!(!passed(json!([[]])).unwrap());
    }

    #[test]
    fn a_broken_condition_says_where_it_is() {
        let broken = json!([[{ "value": 1, "operator": "exists" }, { "value": "a", "operator": "matches", "against": "(" }]]);
        let error = passed(broken).unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("BAD_PARAMETERS", false));
        assert!(error.message.starts_with("conditions.0.1: "), "{error}");
    }
}
