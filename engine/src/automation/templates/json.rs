//! Conversion of values to JSON. Templates can nest values deeply, which recursive conversions and destructors do not
//! survive, so the depth is checked first.

use minijinja::{Error, ErrorKind, value::Value};

/// The deepest nesting of lists and objects. Parsers of JSON have the same limit.
const DEPTH_LIMIT: usize = 128;

/// A value as JSON.
///
/// # Errors
/// If it is nested too deeply, or contains what JSON does not have.
pub(super) fn of(value: &Value) -> Result<serde_json::Value, Error> {
    check_depth(value, DEPTH_LIMIT)?;
    serde_json::to_value(value).map_err(|error| bad(error.to_string()))
}

/// A value as the text of JSON.
///
/// # Errors
/// As [`of`].
pub(super) fn text_of(value: &Value) -> Result<String, Error> {
    check_depth(value, DEPTH_LIMIT)?;
    serde_json::to_string(value).map_err(|error| bad(error.to_string()))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadSerialization, message)
}

fn check_depth(value: &Value, left: usize) -> Result<(), Error> {
    // A text has items too, which are texts.
    if value.as_str().is_some() {
        return Ok(());
    }
    let Ok(items) = value.try_iter() else { return Ok(()) };
    let Some(left) = left.checked_sub(1) else {
        return Err(bad(format!("the value is nested more than {DEPTH_LIMIT} times")));
    };
    let map = value.kind() == minijinja::value::ValueKind::Map;
    for item in items {
        if map {
            check_depth(&value.get_item(&item)?, left)?;
        } else {
            check_depth(&item, left)?;
        }
    }
    Ok(())
}
