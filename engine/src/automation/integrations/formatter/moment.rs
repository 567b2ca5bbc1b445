//! Parses and formats dates.

use std::fmt::Write as _;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone as _, Utc,
    format::StrftimeItems,
};
use chrono_tz::Tz;
use serde_json::Value;

/// Numbers from this value on are milliseconds: in seconds it would be in the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

const LOCAL_TIMES: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];

/// Finds an IANA time zone; UTC without a name.
///
/// # Errors
/// If there is no such zone.
pub fn zone(name: Option<&str>) -> Result<Tz, String> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(Tz::UTC) };
    name.parse().map_err(|_| format!("there is no time zone `{name}`"))
}

/// Parses a date: a text, or a number of seconds or milliseconds since 1970. Texts without an offset are in `zone`.
/// Without a pattern (`strftime`), RFC 3339, RFC 2822, `2026-03-01` and `2026-03-01 09:30` are accepted.
///
/// # Errors
/// If the value is not a date, or not in the years 0 to 9999.
pub fn parse(value: &Value, zone: Tz, pattern: Option<&str>) -> Result<DateTime<Utc>, String> {
    let moment = match value {
        Value::String(text) => {
            let text = text.trim();
            match pattern {
                Some(pattern) => by_pattern(text, zone, pattern)?,
                None => by_shape(text, zone)?,
            }
        }
        Value::Number(number) => since_1970(number.as_f64()),
        _ => None,
    };
    let moment = moment.ok_or_else(|| format!("{value} is not a date in a supported format"))?;
    in_range(moment)
}

pub(super) fn in_range(moment: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    // Local time can be a day off.
    let near = (1..=9998).contains(&moment.year());
    near.then_some(moment).ok_or_else(|| "the year must be between 1 and 9998".to_owned())
}

fn by_shape(text: &str, zone: Tz) -> Result<Option<DateTime<Utc>>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text)) {
        return Ok(Some(moment.with_timezone(&Utc)));
    }
    for pattern in LOCAL_TIMES {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, pattern) {
            return local_time(local, zone).map(Some);
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return local_time(date.and_time(NaiveTime::MIN), zone).map(Some);
    }
    Ok(text.parse().ok().and_then(|number| since_1970(Some(number))))
}

fn by_pattern(text: &str, zone: Tz, pattern: &str) -> Result<Option<DateTime<Utc>>, String> {
    StrftimeItems::new(pattern).parse().map_err(|_| format!("`{pattern}` is not a date format"))?;
    if let Ok(moment) = DateTime::parse_from_str(text, pattern) {
        return Ok(Some(moment.with_timezone(&Utc)));
    }
    let local = NaiveDateTime::parse_from_str(text, pattern)
        .or_else(|_| NaiveDate::parse_from_str(text, pattern).map(|date| date.and_time(NaiveTime::MIN)));
    local.ok().map(|local| local_time(local, zone)).transpose()
}

fn local_time(local: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>, String> {
    // Of the two moments when clocks are set back, the first.
    let moment = zone.from_local_datetime(&local).earliest();
    let moment =
        moment.ok_or_else(|| format!("{local} does not exist in {zone}: clocks were set forward"))?;
    Ok(moment.with_timezone(&Utc))
}

fn since_1970(number: Option<f64>) -> Option<DateTime<Utc>> {
    let number = number.filter(|number| number.is_finite() && number.abs() < 1e15)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded above, and fractions of a millisecond are dropped"
    )]
    let whole = |number: f64| number as i64;
    if whole(number).abs() >= MILLISECONDS_FROM {
        return DateTime::from_timestamp_millis(whole(number));
    }
    DateTime::from_timestamp_millis(whole((number * 1000.0).round()))
}

/// Formats a date with a `strftime` pattern.
///
/// # Errors
/// If the pattern is invalid.
pub fn format(moment: DateTime<Tz>, pattern: &str) -> Result<String, String> {
    let wrong = || format!("`{pattern}` is not a date format; an example is `%Y-%m-%d %H:%M`");
    let items = StrftimeItems::new(pattern).parse().map_err(|_| wrong())?;
    let mut text = String::new();
    // `to_string` would panic where this fails.
    write!(text, "{}", moment.format_with_items(items.iter())).map_err(|_| wrong())?;
    Ok(text)
}

/// Formats a date as RFC 3339, without unnecessary digits.
#[must_use]
pub fn rfc3339(moment: DateTime<Tz>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
