//! Conditions: a value, an operator, and a value to compare with.

use std::{borrow::Cow, cmp::Ordering};

use chrono::DateTime;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::automation::integrations::{
    formatter::decimal,
    pattern::{Trouble, compile},
};

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Operator {
    Equal,
    NotEqual,
    GreaterThan,
    LessThan,
    Gte,
    Lte,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
    Exists,
    NotExists,
    IsTrue,
    IsFalse,
    In,
    Matches,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// The value to test, of any type.
    value: Value,
    operator: Operator,
    /// The value to compare with. A list for `in`, a regular expression for `matches`; not used by `exists`,
    /// `not_exists`, `is_true` and `is_false`.
    #[serde(default)]
    against: Value,
}

impl Condition {
    /// # Errors
    /// If `against` is not valid for the operator, or too large.
    pub(super) fn holds(&self) -> Result<bool, Trouble> {
        let (value, against) = (&self.value, &self.against);
        let order = |wanted: fn(Ordering) -> bool| compare(value, against).is_some_and(wanted);
        Ok(match self.operator {
            Operator::Equal => equal(value, against),
            Operator::NotEqual => !equal(value, against),
            Operator::GreaterThan => order(Ordering::is_gt),
            Operator::LessThan => order(Ordering::is_lt),
            Operator::Gte => order(Ordering::is_ge),
            Operator::Lte => order(Ordering::is_le),
            Operator::Contains => contains(value, against),
            Operator::NotContains => !contains(value, against),
            Operator::StartsWith => both_text(value, against).is_some_and(|(a, b)| a.starts_with(&*b)),
            Operator::EndsWith => both_text(value, against).is_some_and(|(a, b)| a.ends_with(&*b)),
            Operator::Exists => !value.is_null(),
            Operator::NotExists => value.is_null(),
            Operator::IsTrue => is_truth(value, true),
            Operator::IsFalse => is_truth(value, false),
            Operator::In => match against {
                Value::Array(items) => items.iter().any(|item| equal(value, item)),
                _ => return Err("`in` requires a list in `against`".into()),
            },
            Operator::Matches => matches(value, against)?,
        })
    }
}

/// Compares for equality: texts by their characters, a number and a text by the number in the text.
fn equal(a: &Value, b: &Value) -> bool {
    if (a.is_number() || b.is_number())
        && let Some(order) = decimal::compare(a, b)
    {
        return order.is_eq();
    }
    match (a, b) {
        (Value::Bool(truth), Value::String(_)) => is_truth(b, *truth),
        (Value::String(_), Value::Bool(truth)) => is_truth(a, *truth),
        _ => a == b,
    }
}

/// Compares two values as numbers, as dates or as texts, whichever applies to both first. `None` if they have no order.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if let Some(order) = decimal::compare(a, b) {
        return Some(order);
    }
    let (Value::String(a), Value::String(b)) = (a, b) else { return None };
    match (DateTime::parse_from_rfc3339(a), DateTime::parse_from_rfc3339(b)) {
        (Ok(a), Ok(b)) => Some(a.cmp(&b)),
        _ => Some(a.cmp(b)),
    }
}

fn contains(value: &Value, against: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| equal(item, against)),
        Value::Object(fields) => against.as_str().is_some_and(|key| fields.contains_key(key)),
        _ => both_text(value, against).is_some_and(|(a, b)| a.contains(&*b)),
    }
}

fn matches(value: &Value, against: &Value) -> Result<bool, Trouble> {
    let pattern = against.as_str().ok_or("`matches` requires a regular expression in `against`")?;
    let text = text(value);
    let pattern = compile(pattern, text.as_ref().map_or(0, |text| text.len()))?;
    Ok(text.is_some_and(|text| pattern.is_match(&text)))
}

fn is_truth(value: &Value, wanted: bool) -> bool {
    match value {
        Value::Bool(truth) => *truth == wanted,
        Value::String(text) => text.trim().eq_ignore_ascii_case(if wanted { "true" } else { "false" }),
        _ => false,
    }
}

fn both_text<'a>(a: &'a Value, b: &'a Value) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    Some((text(a)?, text(b)?))
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(value: &Value, operator: &str, against: &Value) -> bool {
        let condition = json!({ "value": value, "operator": operator, "against": against });
        serde_json::from_value::<Condition>(condition).unwrap().holds().unwrap()
    }

    #[test]
    fn numbers_in_text_are_compared_as_numbers() {
        assert!(holds(&json!("10"), "greater_than", &json!("9")));
        assert!(holds(&json!(10), "greater_than", &json!("9.5")));
        assert!(holds(&json!("1.0"), "equal", &json!(1)));
        assert!(holds(&json!(2), "gte", &json!(2.0)));
        assert!(holds(&json!(0.1), "lte", &json!("0.10")));
        assert!(holds(&json!(9_007_199_254_740_993_i64), "greater_than", &json!(9_007_199_254_740_992_i64)));
        assert!(holds(&json!(1e300), "greater_than", &json!(1)));
        assert!(!holds(&json!("10"), "less_than", &json!("9")));
    }

    #[test]
    fn texts_are_equal_only_if_they_are_the_same() {
        assert!(!holds(&json!("01234"), "equal", &json!("1234")));
        assert!(holds(&json!("a"), "not_equal", &json!("A")));
        assert!(holds(&json!("true"), "equal", &json!(true)));
        assert!(holds(&json!([1, 2]), "equal", &json!([1, 2])));
    }

    #[test]
    fn text_and_dates_are_ordered() {
        assert!(holds(&json!("pear"), "greater_than", &json!("apple")));
        // An hour earlier, though later in the alphabet.
        assert!(holds(&json!("2026-03-01T10:30:00+02:00"), "less_than", &json!("2026-03-01T09:30:00Z")));
        assert!(!holds(&json!(null), "less_than", &json!(1)));
        assert!(!holds(&json!([1]), "greater_than", &json!(0)));
        assert!(!holds(&json!("ten"), "greater_than", &json!(1)));
    }

    #[test]
    fn contains_looks_into_text_lists_and_objects() {
        assert!(holds(&json!("order 17"), "contains", &json!(17)));
        assert!(holds(&json!(["a", 2]), "contains", &json!("2")));
        assert!(holds(&json!({ "id": 1 }), "contains", &json!("id")));
        assert!(holds(&json!(["ab"]), "not_contains", &json!("a")));
        assert!(holds(&json!(null), "not_contains", &json!("a")));
        assert!(holds(&json!("b"), "in", &json!(["a", "b"])));
        assert!(!holds(&json!("c"), "in", &json!(["a", "b"])));
    }

    #[test]
    fn the_ends_and_patterns_of_text() {
        assert!(holds(&json!("INV-17"), "starts_with", &json!("INV-")));
        assert!(holds(&json!("a.pdf"), "ends_with", &json!(".pdf")));
        assert!(holds(&json!("INV-17"), "matches", &json!(r"^INV-\d+$")));
        assert!(!holds(&json!("inv"), "matches", &json!("INV")));
        assert!(!holds(&json!(null), "starts_with", &json!("")));
    }

    #[test]
    fn presence_and_booleans() {
        assert!(holds(&json!(""), "exists", &json!(null)));
        assert!(holds(&json!(null), "not_exists", &json!(null)));
        assert!(holds(&json!("True"), "is_true", &json!(null)));
        assert!(holds(&json!(false), "is_false", &json!(null)));
        assert!(!holds(&json!(null), "is_false", &json!(null)));
        assert!(!holds(&json!(1), "is_true", &json!(null)));
    }

    #[test]
    fn operands_of_a_wrong_type_are_errors() {
        for (operator, against) in
            [("in", json!("a")), ("matches", json!(1)), ("matches", json!("a{99999999}"))]
        {
            let condition = json!({ "value": "a", "operator": operator, "against": against });
            assert!(serde_json::from_value::<Condition>(condition).unwrap().holds().is_err());
        }
    }
}
