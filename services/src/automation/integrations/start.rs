//! What starts flows: a property of each trigger operation.

use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;
use triptych_entities::relational::automation::schedule::Missed;
use triptych_stores::error::Problem;

/// What starts executions of a flow with a given trigger. Parameters are referred to by name, so that no other code
/// knows the integrations of triggers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// A request to the URL of the flow.
    Webhook(WebhookStart),
    /// The clock.
    Schedule(ScheduleStart),
    /// Items that are new since the last request to the service.
    Poll,
    /// A manual run only.
    Manual,
}

/// The names of a webhook trigger's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookStart {
    /// Holds the secret that a request must carry.
    pub secret: Option<String>,
}

/// The names of a schedule trigger's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleStart {
    /// Holds a cron expression.
    pub cron: Option<String>,
    /// Holds the interval in seconds.
    pub every_seconds: Option<String>,
    /// Holds the IANA time zone of the cron expression.
    pub timezone: Option<String>,
    /// Holds what becomes of missed times: `run_once` or `skip`.
    pub missed: Option<String>,
}

/// When a schedule starts its flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    pub cron: Option<String>,
    pub every_seconds: Option<i32>,
    /// IANA name; UTC unless given.
    pub timezone: String,
    pub missed: Missed,
}

impl Start {
    /// The names of the parameters that it refers to.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Webhook(webhook) => [webhook.secret.as_deref(), None, None, None],
            Self::Schedule(ScheduleStart { cron, every_seconds, timezone, missed }) => {
                [cron.as_deref(), every_seconds.as_deref(), timezone.as_deref(), missed.as_deref()]
            }
            Self::Poll | Self::Manual => [None; 4],
        };
        names.into_iter().flatten()
    }
}

impl WebhookStart {
    /// The secret that requests must carry; `None` if any request may start the flow.
    #[must_use]
    pub fn secret<'a>(&self, parameters: &'a Value) -> Option<&'a str> {
        text(parameters, self.secret.as_deref()).filter(|secret| !secret.is_empty())
    }
}

impl ScheduleStart {
    #[must_use]
    pub fn times(&self, parameters: &Value) -> Times {
        let every = self.every_seconds.as_deref().and_then(|name| parameters.get(name)?.as_i64());
        Times {
            cron: text(parameters, self.cron.as_deref()).map(str::to_owned),
            every_seconds: every.and_then(|seconds| i32::try_from(seconds).ok()),
            timezone: text(parameters, self.timezone.as_deref()).unwrap_or("UTC").to_owned(),
            missed: match text(parameters, self.missed.as_deref()) {
                Some("skip") => Missed::Skip,
                _ => Missed::RunOnce,
            },
        }
    }

    /// What a JSON Schema cannot express: whether the time zone exists and the cron expression parses.
    #[must_use]
    pub fn problem(&self, parameters: &Value, root: &str) -> Option<Problem> {
        if let (Some(name), Some(zone)) = (&self.timezone, text(parameters, self.timezone.as_deref()))
            && zone.parse::<Tz>().is_err()
        {
            return Some(Problem::new(
                format!("{root}.{name}"),
                format!("`{zone}` is not an IANA time zone"),
            ));
        }
        let name = self.cron.as_deref()?;
        let error = text(parameters, Some(name))?.parse::<croner::Cron>().err()?;
        Some(Problem::new(format!("{root}.{name}"), format!("not a cron expression: {error}")))
    }
}

fn text<'a>(parameters: &'a Value, name: Option<&str>) -> Option<&'a str> {
    parameters.get(name?)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schedule() -> ScheduleStart {
        ScheduleStart {
            cron: Some("expression".to_owned()),
            every_seconds: Some("seconds".to_owned()),
            timezone: Some("zone".to_owned()),
            missed: Some("late".to_owned()),
        }
    }

    #[test]
    fn times_come_from_the_named_parameters() {
        let times = schedule().times(&json!({ "expression": "0 9 * * *", "zone": "Europe/Rome" }));
        assert_eq!(times.cron.as_deref(), Some("0 9 * * *"));
        assert_eq!((times.every_seconds, times.timezone.as_str()), (None, "Europe/Rome"));
        let times = schedule().times(&json!({ "seconds": 300 }));
        assert_eq!((times.cron, times.every_seconds, times.timezone.as_str()), (None, Some(300), "UTC"));
        assert_eq!(schedule().times(&json!({ "seconds": i64::MAX })).every_seconds, None);
        assert_eq!(times.missed, Missed::RunOnce);
        assert_eq!(schedule().times(&json!({ "seconds": 300, "late": "skip" })).missed, Missed::Skip);
    }

    #[test]
    fn problems_are_named_by_the_parameter() {
        let problem = |parameters| schedule().problem(&parameters, "steps.0.parameters");
        let zone = problem(json!({ "expression": "0 9 * * *", "zone": "Mars/Phobos" })).unwrap();
        assert_eq!(zone.path, "steps.0.parameters.zone");
        let cron = problem(json!({ "expression": "often" })).unwrap();
        assert_eq!(cron.path, "steps.0.parameters.expression");
        assert!(problem(json!({ "expression": "*/5 * * * *", "zone": "UTC" })).is_none());
    }

    #[test]
    fn an_empty_secret_is_none() {
        let webhook = WebhookStart { secret: Some("secret".to_owned()) };
        assert_eq!(webhook.secret(&json!({ "secret": "pssst" })), Some("pssst"));
        assert_eq!(webhook.secret(&json!({ "secret": "" })), None);
        assert_eq!(WebhookStart::default().secret(&json!({ "secret": "pssst" })), None);
    }

    #[test]
    fn each_kind_of_start_can_be_declared() {
        let read = |json| serde_json::from_value::<Start>(json).unwrap();
        assert_eq!(read(json!("manual")), Start::Manual);
        assert_eq!(read(json!("poll")), Start::Poll);
        let webhook = read(json!({ "webhook": { "secret": "secret" } }));
        assert_eq!(webhook.parameters().collect::<Vec<_>>(), ["secret"]);
        let start = read(json!({ "schedule": { "cron": "expression", "timezone": "zone" } }));
        assert_eq!(start.parameters().collect::<Vec<_>>(), ["expression", "zone"]);
    }
}
