//! Decimal numbers in JSON, exact to 28 digits.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// Parses a JSON number, or a text that contains one.
#[must_use]
pub fn read(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => parse(&number.to_string()),
        Value::String(text) => parse(text.trim()),
        _ => None,
    }
}

/// Parses plain and scientific notation.
pub(super) fn parse(text: &str) -> Option<Decimal> {
    // The decimal library accepts underscores between digits.
    if text.contains('_') {
        return None;
    }
    text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Compares two values as numbers, if both are numbers.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (read(a), read(b)) {
        return Some(a.cmp(&b));
    }
    // What is too large or too small for a decimal.
    float(a)?.partial_cmp(&float(b)?)
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().starts_with(|first: char| "+-.0123456789".contains(first)) => {
            text.trim().parse().ok()
        }
        _ => None,
    }
}

/// Converts to an integer if possible, otherwise to the nearest floating-point number.
#[must_use]
pub fn write(number: Decimal) -> Value {
    let number = number.normalize();
    if number.scale() == 0
        && let Ok(whole) = i64::try_from(number)
    {
        return whole.into();
    }
    number.to_string().parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}
