//! `formatter/text`.

mod convert;
mod extract;
mod pieces;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{super::pattern::Trouble, needs};
use crate::compute::Deadline;

/// Maximum size of the result of a transform, in bytes.
const TEXT_LIMIT: usize = 4 * 1_048_576;

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Transform {
    Uppercase,
    Lowercase,
    Capitalize,
    Titlecase,
    Trim,
    Replace,
    Split,
    Join,
    Slugify,
    Length,
    Truncate,
    ExtractEmail,
    ExtractNumber,
    ExtractUrl,
    UrlEncode,
    UrlDecode,
    #[serde(rename = "base64_encode")]
    Base64Encode,
    #[serde(rename = "base64_decode")]
    Base64Decode,
    HtmlToText,
    MarkdownToHtml,
    ParseJson,
    Default,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("allOf" = [
    needs("replace", &["pattern"]),
    needs("truncate", &["length"]),
    needs("default", &["default"]),
]))]
pub struct Parameters {
    /// The transform.
    transform: Transform,
    /// The text. Numbers and booleans are converted to text. A list for `join`; also a list or an object for `length`;
    /// anything for `default`.
    #[schemars(example = "{{ trigger.body.name }}")]
    value: Value,
    /// For `replace`: the text or regular expression to search for.
    #[schemars(length(min = 1, max = 1000), example = "-")]
    pattern: Option<String>,
    /// For `replace`: the replacement; `$1` is the first group of a regular expression.
    #[serde(default)]
    with: String,
    /// For `replace` and `split`: whether the pattern or separator is a regular expression.
    #[serde(default)]
    regex: bool,
    /// For `split` and `join`: the text between the parts.
    #[serde(default = "comma")]
    separator: String,
    /// For `split`: the index of the part to return, from 0, or from the end with negative numbers. The result is null if
    /// there is no such part.
    index: Option<i64>,
    /// For `truncate`: the maximum number of characters, including the suffix.
    #[schemars(example = 80)]
    length: Option<usize>,
    /// For `truncate`: the suffix of a text that was cut.
    #[serde(default = "ellipsis")]
    suffix: String,
    /// For `extract_…`: returns a list of all matches, instead of the first or null.
    #[serde(default)]
    all: bool,
    /// For `default`: the value that replaces null and empty text.
    default: Option<Value>,
}

fn comma() -> String {
    ",".to_owned()
}

fn ellipsis() -> String {
    "…".to_owned()
}

pub(super) fn apply(parameters: &Parameters, deadline: Deadline) -> Result<Value, Trouble> {
    match (parameters.transform, &parameters.value) {
        (Transform::Default, value) => {
            let empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
            return Ok(if empty { parameters.default.clone().unwrap_or_default() } else { value.clone() });
        }
        (Transform::Length, Value::Array(items)) => return Ok(json!(items.len())),
        (Transform::Length, Value::Object(fields)) => return Ok(json!(fields.len())),
        (Transform::Join, value) => return Ok(Value::String(pieces::join(parameters, value)?)),
        _ => {}
    }
    let text = text(&parameters.value).ok_or("`value` must be text")?;
    let made = match parameters.transform {
        Transform::Length => return Ok(json!(text.chars().count())),
        Transform::Split => return pieces::split(parameters, &text, deadline),
        Transform::ExtractEmail => return extract::emails(&text, parameters.all, deadline),
        Transform::ExtractNumber => return extract::numbers(&text, parameters.all, deadline),
        Transform::ExtractUrl => return extract::urls(&text, parameters.all, deadline),
        Transform::ParseJson => return Ok(convert::parse_json(&text)?),
        Transform::Uppercase => text.to_uppercase(),
        Transform::Lowercase => text.to_lowercase(),
        Transform::Capitalize => pieces::capitalize(&text),
        Transform::Titlecase => pieces::titlecase(&text),
        Transform::Trim => text.trim().to_owned(),
        Transform::Replace => pieces::replace(parameters, &text, deadline)?,
        Transform::Slugify => slug::slugify(&text),
        Transform::Truncate => pieces::truncate(parameters, &text)?,
        Transform::UrlEncode => convert::url_encode(&text),
        Transform::UrlDecode => convert::url_decode(&text)?,
        Transform::Base64Encode => convert::base64_encode(&text),
        Transform::Base64Decode => convert::base64_decode(&text)?,
        Transform::HtmlToText => convert::html_to_text(&text)?,
        Transform::MarkdownToHtml => convert::markdown_to_html(&text)?,
        Transform::Default | Transform::Join => text.into_owned(),
    };
    Ok(Value::String(made))
}

/// Converts a value to text; null to empty text.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        Value::Null => Some(Cow::Borrowed("")),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn within_limit(size: usize) -> Result<(), Trouble> {
    if size > TEXT_LIMIT {
        return Err(Trouble::TooMuch(format!("the result is larger than {TEXT_LIMIT} bytes")));
    }
    Ok(())
}
