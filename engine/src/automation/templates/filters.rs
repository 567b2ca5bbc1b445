//! Filters that the template engine does not provide.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minijinja::{
    Environment, Error, ErrorKind, State,
    value::{Serde, Value},
};

use super::json;
use crate::automation::integrations::formatter::moment;

/// The longest text that `date` reads, in bytes.
const DATE_LIMIT: usize = 200;

pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("fromjson", from_json);
    environment.add_filter("tojson", to_json);
    environment.add_filter("string", string);
    environment.add_filter("slugify", slugify);
    environment.add_filter("base64encode", base64_encode);
    environment.add_filter("base64decode", base64_decode);
    environment.add_filter("date", date);
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn present(value: &Value) -> Result<(), Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(()) }
}

/// Charges a filter for the length of a text, as the engine charges its own.
fn charge(state: &State, length: usize) -> Result<(), Error> {
    state.consume_fuel(length as u64 / 64)
}

/// Formats a value as JSON. Replaces the built-in filter, which escapes characters for HTML.
fn to_json(state: &State, value: &Value) -> Result<String, Error> {
    present(value)?;
    let text = json::text_of(value)?;
    charge(state, text.len())?;
    Ok(text)
}

fn slugify(state: &State, text: &str) -> Result<String, Error> {
    // Characters are replaced one by one.
    state.consume_fuel(text.len() as u64 / 8)?;
    Ok(slug::slugify(text))
}

fn base64_encode(state: &State, text: &str) -> Result<String, Error> {
    charge(state, text.len())?;
    Ok(STANDARD.encode(text))
}

/// Formats a value as text, as in output. Replaces the built-in filter, which formats like Python.
fn string(state: &State, value: &Value) -> Result<String, Error> {
    match value.as_str() {
        Some(text) => charge(state, text.len()).map(|()| text.to_owned()),
        None if value.is_none() => Ok(String::new()),
        None => to_json(state, value),
    }
}

/// Parses a JSON text.
fn from_json(state: &State, text: &str) -> Result<Value, Error> {
    // Parsed, a text takes several times its length.
    state.consume_fuel(text.len() as u64 / 8)?;
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| wrong(format!("not JSON: {error}")))?;
    Ok(Value::from(Serde(value)))
}

fn base64_decode(state: &State, text: &str) -> Result<String, Error> {
    charge(state, text.len())?;
    let bytes = STANDARD.decode(text.trim()).map_err(|error| wrong(format!("not base64: {error}")))?;
    String::from_utf8(bytes).map_err(|_| wrong("the decoded bytes are not text"))
}

/// A date in another format (`strftime`) and time zone: `{{ trigger.firedAt | date("%d.%m.%Y", "Europe/Rome") }}`.
/// Without arguments: RFC 3339 in UTC.
fn date(value: &Value, format: Option<&str>, timezone: Option<&str>) -> Result<String, Error> {
    let texts = [value.as_str(), format, timezone];
    if texts.iter().flatten().any(|text| text.len() > DATE_LIMIT) {
        return Err(wrong(format!("dates, formats and time zones have at most {DATE_LIMIT} characters")));
    }
    if value.len().is_some() && value.as_str().is_none() {
        return Err(wrong("not a date"));
    }
    let json = json::of(value)?;
    let zone = moment::zone(timezone).map_err(wrong)?;
    let moment = moment::parse(&json, zone, None).map_err(wrong)?;
    match format {
        Some(format) => moment::format(moment.with_timezone(&zone), format).map_err(wrong),
        None => Ok(moment::rfc3339(moment.with_timezone(&zone))),
    }
}
