//! `delay`: steps that wait. They hold no worker while they do.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::{ActionError, Call, Definition, Outcome, Run, Tools};

/// A year: what waits longer belongs into a schedule.
const LONGEST: i64 = 366 * 24 * 60 * 60;

pub(super) fn definition() -> Definition {
    Definition {
        key: "delay",
        name: "Delay",
        description: "Waits before the flow goes on.",
        credential: None,
        operations: vec![(delay_for(), Some(Arc::new(For))), (delay_until(), Some(Arc::new(Until)))],
    }
}

fn delay_for() -> Operation {
    Operation {
        key: "for",
        name: "Wait for a time",
        description: "Waits for a number of seconds.",
        kind: Kind::Delay,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["seconds"],
            "properties": {
                "seconds": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": LONGEST,
                    "description": "How long to wait, in seconds; at most 366 days.",
                    "examples": [90]
                }
            }
        }),
        output: resumed(),
    }
}

fn delay_until() -> Operation {
    Operation {
        key: "until",
        name: "Wait until a moment",
        description: "Waits until a moment; not at all if it has passed.",
        kind: Kind::Delay,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["at"],
            "properties": {
                "at": {
                    "type": "string",
                    "format": "date-time",
                    "description": "The moment, as RFC 3339; at most 366 days ahead.",
                    "examples": ["2026-03-01T09:00:00+01:00"]
                }
            }
        }),
        output: resumed(),
    }
}

fn resumed() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["resumedAt"],
        "properties": {
            "resumedAt": {
                "type": "string",
                "format": "date-time",
                "description": "The moment that was waited for, in UTC.",
                "examples": ["2026-03-01T08:00:00.000Z"]
            }
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForParameters {
    seconds: f64,
}

struct For;

#[async_trait]
impl Run for For {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        let ForParameters { seconds } = call.parameters()?;
        wait_for(tools.mint.now(), seconds)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UntilParameters {
    at: DateTime<Utc>,
}

struct Until;

#[async_trait]
impl Run for Until {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        let UntilParameters { at } = call.parameters()?;
        wait_until(tools.mint.now(), at)
    }
}

fn wait_for(now: DateTime<Utc>, seconds: f64) -> Result<Outcome, ActionError> {
    let too_long = || ActionError::bad_parameters(format!("`seconds` must be between 0 and {LONGEST}"));
    let wait = std::time::Duration::try_from_secs_f64(seconds).map_err(|_| too_long())?;
    let wait = TimeDelta::from_std(wait).map_err(|_| too_long())?;
    wait_until(now, now.checked_add_signed(wait).ok_or_else(too_long)?)
}

fn wait_until(now: DateTime<Utc>, until: DateTime<Utc>) -> Result<Outcome, ActionError> {
    if (until - now).num_seconds() > LONGEST {
        return Err(ActionError::bad_parameters("a delay is at most 366 days; use a schedule"));
    }
    let output = json!({ "resumedAt": until.to_rfc3339_opts(SecondsFormat::Millis, true) });
    Ok(if until <= now { Outcome::Done(output) } else { Outcome::Wait { until, output } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn waits_for_seconds_from_now() {
        let now = at("2026-03-01T09:00:00Z");
        let Outcome::Wait { until, output } = wait_for(now, 1.5).unwrap() else { panic!("it should wait") };
        assert_eq!(until, at("2026-03-01T09:00:01.5Z"));
        assert_eq!(output, json!({ "resumedAt": "2026-03-01T09:00:01.500Z" }));
    }

    #[test]
    fn does_not_wait_for_what_has_passed() {
        let now = at("2026-03-01T09:00:00Z");
        let outcome = wait_until(now, at("2026-02-01T09:00:00Z")).unwrap();
        assert_eq!(outcome, Outcome::Done(json!({ "resumedAt": "2026-02-01T09:00:00.000Z" })));
        assert!(matches!(wait_for(now, 0.0).unwrap(), Outcome::Done(_)));
    }

    #[test]
    fn refuses_to_wait_for_ever() {
        let now = at("2026-03-01T09:00:00Z");
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(wait_for(now, seconds).unwrap_err().code, "BAD_PARAMETERS");
        }
        assert_eq!(wait_until(now, at("9999-01-01T00:00:00Z")).unwrap_err().code, "BAD_PARAMETERS");
    }
}
