//! `filter`: continues an execution or ends it.

mod compare;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use triptych_entities::relational::automation::step::Kind;

use super::{About, Action, ActionError, ActionResult, Call, Outcome, Tools, pattern::Trouble};
use crate::compute::Deadline;
use compare::Condition;

pub(super) struct ContinueIf;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    /// Groups of conditions. At least one group must hold.
    #[schemars(
        length(min = 1, max = 50),
        example = serde_json::json!([[{
            "value": "{{ trigger.body.amount }}", "operator": "greater_than", "against": 100
        }]])
    )]
    conditions: Vec<Group>,
}

/// Conditions, all of which must hold.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
struct Group(#[schemars(length(min = 1, max = 50))] Vec<Condition>);

#[derive(Serialize, JsonSchema)]
pub(super) struct Passed {
    /// Whether the flow continues.
    passed: bool,
}

#[async_trait]
impl Action for ContinueIf {
    type Parameters = Parameters;
    type Output = Passed;

    const ABOUT: About = About {
        integration: "filter",
        key: "continue_if",
        name: "Continue if",
        description: "Continues if all conditions of at least one group hold; otherwise the steps that follow are \
                      skipped. Numbers are compared as numbers, also if given as text; RFC 3339 dates as points in \
                      time. A missing value is null.",
        kind: Kind::Filter,
    };

    async fn run(&self, parameters: Parameters, call: &Call<'_>, tools: &Tools) -> ActionResult<Passed> {
        let test = move |deadline| passes(&parameters.conditions, deadline);
        let passed = tools.compute.run(&call.budget, test).await?;
        let output = Passed { passed };
        Ok(if passed { Outcome::Done(output) } else { Outcome::Stopped(output) })
    }

    fn accepts_missing(_: &Value) -> bool {
        true
    }
}

fn passes(groups: &[Group], deadline: Deadline) -> Result<bool, ActionError> {
    for (group, Group(conditions)) in groups.iter().enumerate() {
        let mut all = true;
        for (index, condition) in conditions.iter().enumerate() {
            // Every condition is evaluated, so that an invalid one is reported independently of the others.
            let held = deadline.check().map_err(Trouble::from).and_then(|()| condition.holds());
            all &= held.map_err(|trouble| {
                let error = ActionError::from(trouble);
                ActionError { message: format!("conditions.{group}.{index}: {}", error.message), ..error }
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
    use serde_json::json;

    use super::*;

    fn passed(conditions: Value) -> Result<bool, ActionError> {
        passes(&serde_json::from_value::<Vec<Group>>(conditions).unwrap(), Deadline::fresh())
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
    fn an_invalid_condition_is_reported_with_its_path() {
        let broken = json!([[{ "value": 1, "operator": "exists" }, { "value": "a", "operator": "matches", "against": "(" }]]);
        let error = passed(broken).unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("BAD_PARAMETERS", false));
        assert!(error.message.starts_with("conditions.0.1: "), "{error}");
    }

    #[test]
    fn many_patterns_on_a_long_text_end_soon() {
        let condition =
            json!({ "value": "a".repeat(1_000_000), "operator": "matches", "against": "(?:a?){80}a{80}b" });
        let groups: Vec<Group> = serde_json::from_value(json!(vec![vec![condition; 20]; 20])).unwrap();
        let begun = std::time::Instant::now();
        // Whether the working time suffices depends on the machine.
        let tested = passes(&groups, Deadline::fresh());
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
        assert!(tested.is_ok_and(|passed| !passed) || begun.elapsed() >= std::time::Duration::from_secs(5));
        let error = passes(&groups, Deadline::past()).unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("WORK_LIMIT", false), "{error}");
    }
}
