//! `delay`: steps that wait, without occupying a worker.

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use triptych_entities::relational::automation::step::Kind;

use super::{About, Action, ActionError, ActionResult, Call, Outcome, Tools};

/// Maximum wait, in seconds.
const LONGEST: i64 = 366 * 24 * 60 * 60;

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resumed {
    /// The end of the wait, in UTC.
    #[schemars(extend("format" = "date-time"), example = "2026-03-01T08:00:00.000Z")]
    resumed_at: String,
}

pub(super) struct For;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForParameters {
    /// Duration in seconds; at most 366 days.
    #[schemars(range(min = 0, max = LONGEST), example = 90)]
    seconds: f64,
}

#[async_trait]
impl Action for For {
    type Parameters = ForParameters;
    type Output = Resumed;

    const ABOUT: About = About {
        integration: "delay",
        key: "for",
        name: "Wait for a duration",
        description: "Waits for a number of seconds.",
        kind: Kind::Delay,
    };

    async fn run(&self, parameters: ForParameters, _: &Call<'_>, tools: &Tools) -> ActionResult<Resumed> {
        wait_for(tools.clock.now(), parameters.seconds)
    }
}

pub(super) struct Until;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UntilParameters {
    /// The time, as RFC 3339; at most 366 days ahead.
    #[schemars(example = "2026-03-01T09:00:00+01:00")]
    at: DateTime<Utc>,
}

#[async_trait]
impl Action for Until {
    type Parameters = UntilParameters;
    type Output = Resumed;

    const ABOUT: About = About {
        integration: "delay",
        key: "until",
        name: "Wait until a time",
        description: "Waits until a point in time; does not wait if it has passed.",
        kind: Kind::Delay,
    };

    async fn run(&self, parameters: UntilParameters, _: &Call<'_>, tools: &Tools) -> ActionResult<Resumed> {
        wait_until(tools.clock.now(), parameters.at)
    }
}

fn wait_for(now: DateTime<Utc>, seconds: f64) -> ActionResult<Resumed> {
    let too_long = || ActionError::bad_parameters(format!("`seconds` must be between 0 and {LONGEST}"));
    let wait = std::time::Duration::try_from_secs_f64(seconds).map_err(|_| too_long())?;
    let wait = TimeDelta::from_std(wait).map_err(|_| too_long())?;
    wait_until(now, now.checked_add_signed(wait).ok_or_else(too_long)?)
}

fn wait_until(now: DateTime<Utc>, until: DateTime<Utc>) -> ActionResult<Resumed> {
    if (until - now).num_seconds() > LONGEST {
        return Err(ActionError::bad_parameters("a delay is at most 366 days; use a schedule"));
    }
    let output = Resumed { resumed_at: until.to_rfc3339_opts(SecondsFormat::Millis, true) };
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
        assert_eq!(output, Resumed { resumed_at: "2026-03-01T09:00:01.500Z".to_owned() });
    }

    #[test]
    fn does_not_wait_for_a_past_time() {
        let now = at("2026-03-01T09:00:00Z");
        let outcome = wait_until(now, at("2026-02-01T09:00:00Z")).unwrap();
        let resumed = Resumed { resumed_at: "2026-02-01T09:00:00.000Z".to_owned() };
        assert_eq!(outcome, Outcome::Done(resumed));
        assert!(matches!(wait_for(now, 0.0).unwrap(), Outcome::Done(_)));
    }

    #[test]
    fn refuses_waits_over_the_maximum() {
        let now = at("2026-03-01T09:00:00Z");
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(wait_for(now, seconds).unwrap_err().code, "BAD_PARAMETERS");
        }
        assert_eq!(wait_until(now, at("9999-01-01T00:00:00Z")).unwrap_err().code, "BAD_PARAMETERS");
    }
}
