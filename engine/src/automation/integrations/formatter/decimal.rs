//! Numbers of JSON, exact where they can be.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// A number, or a text that is one.
#[must_use]
pub fn read(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => parse(&number.to_string()),
        Value::String(text) => parse(text.trim()),
        _ => None,
    }
}

/// Plain or scientific notation, nothing else.
pub(super) fn parse(text: &str) -> Option<Decimal> {
    // Underscores between digits are the decimal library's own idea.
    if text.contains('_') {
        return None;
    }
    text.parse().or_else(|_| Decimal::from_scientific(text)).ok()
}

/// As numbers, if both are.
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

/// A whole number if it is one, else the nearest floating-point number.
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
