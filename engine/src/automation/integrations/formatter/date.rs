//! `formatter/date`.

use chrono::{DateTime, Datelike as _, Days, Months, TimeDelta, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{moment, needs};

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Transform {
    Format,
    ConvertTimezone,
    Add,
    Subtract,
    Difference,
    Parse,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("allOf" = [
    needs("format", &["format"]),
    needs("add", &["amount", "unit"]),
    needs("subtract", &["amount", "unit"]),
    needs("difference", &["to", "unit"]),
]))]
pub struct Parameters {
    /// The transform.
    transform: Transform,
    /// RFC 3339, RFC 2822, `2026-03-01`, `2026-03-01 09:30`, seconds or milliseconds since 1970, or `now`.
    #[schemars(extend("type" = ["string", "number"]), example = "2026-03-01T09:30:00Z", example = &"now")]
    value: Value,
    /// For `difference`: the later date, in the same forms as the value.
    #[schemars(extend("type" = ["string", "number"]))]
    to: Option<Value>,
    /// For `add` and `subtract`: the number of units.
    #[schemars(example = 7)]
    amount: Option<i64>,
    /// For `add`, `subtract` and `difference`: the unit. Days and longer units are calendar units.
    unit: Option<Unit>,
    /// The format of the result, as in `strftime`. Default: RFC 3339.
    #[schemars(length(min = 1, max = 200), example = "%d.%m.%Y %H:%M")]
    format: Option<String>,
    /// The format of the value, as in `strftime`, if it is none of those.
    #[schemars(length(min = 1, max = 200), example = "%m/%d/%Y")]
    input_format: Option<String>,
    /// The IANA time zone of the result.
    #[serde(default = "utc")]
    #[schemars(example = "Europe/Berlin")]
    timezone: String,
    /// The IANA time zone of values without an offset. Default: `timezone`.
    from_timezone: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

pub(super) fn apply(parameters: &Parameters, now: DateTime<Utc>) -> Result<Value, String> {
    let zone = moment::zone(Some(&parameters.timezone))?;
    let value = parameters.read(&parameters.value, zone, now)?.with_timezone(&zone);
    let unit = || parameters.unit.ok_or("`unit` is missing");
    let amount = || parameters.amount.ok_or("`amount` is missing");
    let moved = match parameters.transform {
        Transform::Format if parameters.format.is_none() => return Err("`format` is missing".to_owned()),
        Transform::Format | Transform::ConvertTimezone | Transform::Parse => value,
        Transform::Add => shift(value, amount()?, unit()?)?,
        Transform::Subtract => {
            let amount = amount()?.checked_neg().ok_or("`amount` is too large")?;
            shift(value, amount, unit()?)?
        }
        Transform::Difference => {
            let to = parameters.to.as_ref().ok_or("`to` is missing")?;
            let to = parameters.read(to, zone, now)?.with_timezone(&zone);
            return Ok(json!(difference(value, to, unit()?)));
        }
    };
    match &parameters.format {
        Some(format) => moment::format(moved, format).map(Value::String),
        None => Ok(Value::String(moment::rfc3339(moved))),
    }
}

impl Parameters {
    fn read(&self, value: &Value, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
        if value.as_str().is_some_and(|text| text.trim() == "now") {
            return Ok(now);
        }
        let from = match &self.from_timezone {
            Some(name) => moment::zone(Some(name))?,
            None => zone,
        };
        moment::parse(value, from, self.input_format.as_deref())
    }
}

/// Days and longer units are calendar units: the local time of day is kept across changes of the clock.
fn shift(value: DateTime<Tz>, amount: i64, unit: Unit) -> Result<DateTime<Tz>, String> {
    let moved = match unit {
        Unit::Seconds => TimeDelta::try_seconds(amount).and_then(|by| value.checked_add_signed(by)),
        Unit::Minutes => TimeDelta::try_minutes(amount).and_then(|by| value.checked_add_signed(by)),
        Unit::Hours => TimeDelta::try_hours(amount).and_then(|by| value.checked_add_signed(by)),
        Unit::Days => days(value, amount),
        Unit::Weeks => amount.checked_mul(7).and_then(|amount| days(value, amount)),
        Unit::Months => months(value, amount),
        Unit::Years => amount.checked_mul(12).and_then(|amount| months(value, amount)),
    };
    let moved = moved.ok_or("the result is not a date")?;
    moment::in_range(moved.with_timezone(&Utc))?;
    Ok(moved)
}

fn days(value: DateTime<Tz>, amount: i64) -> Option<DateTime<Tz>> {
    let by = Days::new(amount.unsigned_abs());
    if amount < 0 { value.checked_sub_days(by) } else { value.checked_add_days(by) }
}

fn months(value: DateTime<Tz>, amount: i64) -> Option<DateTime<Tz>> {
    let by = Months::new(u32::try_from(amount.unsigned_abs()).ok()?);
    if amount < 0 { value.checked_sub_months(by) } else { value.checked_add_months(by) }
}

/// The difference in whole units, negative if `to` is before `from`.
fn difference(from: DateTime<Tz>, to: DateTime<Tz>, unit: Unit) -> i64 {
    let passed = to.signed_duration_since(from);
    match unit {
        Unit::Seconds => passed.num_seconds(),
        Unit::Minutes => passed.num_minutes(),
        Unit::Hours => passed.num_hours(),
        Unit::Days => passed.num_days(),
        Unit::Weeks => passed.num_weeks(),
        Unit::Months => whole_months(from, to),
        Unit::Years => whole_months(from, to) / 12,
    }
}

fn whole_months(from: DateTime<Tz>, to: DateTime<Tz>) -> i64 {
    if to < from {
        return -whole_months(to, from);
    }
    let index = |moment: DateTime<Tz>| i64::from(moment.year()) * 12 + i64::from(moment.month0());
    let begun = index(to) - index(from);
    let rest = |moment: DateTime<Tz>| (moment.day(), moment.time());
    if rest(to) < rest(from) { begun - 1 } else { begun }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(parameters: Value) -> Result<Value, String> {
        let now = "2026-03-01T09:00:00Z".parse().unwrap();
        apply(&serde_json::from_value(parameters).unwrap(), now)
    }

    #[test]
    fn parses_several_formats() {
        let parsed = |value: Value| run(json!({ "transform": "parse", "value": value })).unwrap();
        for same in [
            json!("2026-03-01T09:00:00Z"),
            json!("2026-03-01T10:00:00+01:00"),
            json!("Sun, 01 Mar 2026 09:00:00 GMT"),
            json!("2026-03-01 09:00"),
            json!(" 2026-03-01T09:00:00.000 "),
            json!(1_772_355_600),
            json!("1772355600"),
            json!(1_772_355_600_000_i64),
            json!("now"),
        ] {
            assert_eq!(parsed(same.clone()), "2026-03-01T09:00:00Z", "{same}");
        }
        assert_eq!(parsed(json!("2026-03-01")), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn reads_by_a_pattern_and_in_a_time_zone() {
        let parsed = run(json!({
            "transform": "parse", "value": "01.07.2026 09:30", "inputFormat": "%d.%m.%Y %H:%M",
            "timezone": "Europe/Berlin",
        }));
        assert_eq!(parsed.unwrap(), "2026-07-01T09:30:00+02:00");
        let converted = run(json!({
            "transform": "convert_timezone", "value": "2026-07-01 09:30",
            "fromTimezone": "Asia/Tokyo", "timezone": "America/New_York",
        }));
        assert_eq!(converted.unwrap(), "2026-06-30T20:30:00-04:00");
    }

    #[test]
    fn formats() {
        let formatted = run(json!({
            "transform": "format", "value": "2026-03-01T23:30:00Z", "format": "%A, %-d %B %Y",
            "timezone": "Europe/Rome",
        }));
        assert_eq!(formatted.unwrap(), "Monday, 2 March 2026");
    }

    #[test]
    fn calendar_units_keep_the_hour_and_the_end_of_the_month() {
        let add = |value: &str, amount: i64, unit: &str| {
            run(json!({
                "transform": "add", "value": value, "amount": amount, "unit": unit,
                "timezone": "Europe/Berlin",
            }))
            .unwrap()
        };
        // Clocks are set forward on 29 March 2026.
        assert_eq!(add("2026-03-28T12:00:00+01:00", 1, "days"), "2026-03-29T12:00:00+02:00");
        assert_eq!(add("2026-03-28T12:00:00+01:00", 24, "hours"), "2026-03-29T13:00:00+02:00");
        assert_eq!(add("2026-01-31T12:00:00+01:00", 1, "months"), "2026-02-28T12:00:00+01:00");
        assert_eq!(add("2026-03-01T12:00:00+01:00", -1, "weeks"), "2026-02-22T12:00:00+01:00");
        let earlier = json!({ "transform": "subtract", "value": "2028-02-29", "amount": 1, "unit": "years" });
        assert_eq!(run(earlier).unwrap(), "2027-02-28T00:00:00Z");
    }

    #[test]
    fn differences_are_whole_units() {
        let between = |value: &str, to: &str, unit: &str| {
            run(json!({ "transform": "difference", "value": value, "to": to, "unit": unit })).unwrap()
        };
        assert_eq!(between("2026-03-01", "2026-03-02T12:00:00Z", "days"), 1);
        assert_eq!(between("2026-03-02", "2026-03-01", "hours"), -24);
        assert_eq!(between("2026-01-31", "2026-03-30", "months"), 1);
        assert_eq!(between("2026-01-31", "2026-03-31", "months"), 2);
        assert_eq!(between("2000-02-29", "2026-02-28", "years"), 25);
    }

    #[test]
    fn an_invalid_date_is_an_error() {
        for parameters in [
            json!({ "transform": "parse", "value": "tomorrow" }),
            json!({ "transform": "parse", "value": null }),
            json!({ "transform": "parse", "value": "2026-02-30" }),
            json!({ "transform": "parse", "value": 1e300 }),
            json!({ "transform": "parse", "value": "1", "inputFormat": "%Q" }),
            json!({ "transform": "parse", "value": "2026-03-29 02:30", "timezone": "Europe/Berlin" }),
            json!({ "transform": "parse", "value": "now", "timezone": "Mars/Phobos" }),
            json!({ "transform": "format", "value": "now" }),
            json!({ "transform": "format", "value": "now", "format": "%Q" }),
            json!({ "transform": "add", "value": "now", "amount": i64::MAX, "unit": "weeks" }),
            json!({ "transform": "add", "value": "now", "amount": 10_000, "unit": "years" }),
            json!({ "transform": "subtract", "value": "now", "amount": i64::MIN, "unit": "days" }),
            json!({ "transform": "add", "value": "now" }),
        ] {
            assert!(run(parameters.clone()).is_err(), "{parameters}");
        }
    }
}
