//! `formatter/text`.

mod convert;
mod extract;
mod pieces;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

/// As they are written in parameters.
pub(super) const TRANSFORMS: [&str; 22] = [
    "uppercase",
    "lowercase",
    "capitalize",
    "titlecase",
    "trim",
    "replace",
    "split",
    "join",
    "slugify",
    "length",
    "truncate",
    "extract_email",
    "extract_number",
    "extract_url",
    "url_encode",
    "url_decode",
    "base64_encode",
    "base64_decode",
    "html_to_text",
    "markdown_to_html",
    "parse_json",
    "default",
];

/// The longest text that a transform makes, in bytes.
const TEXT_LIMIT: usize = 4 * 1_048_576;

#[derive(Clone, Copy, Deserialize)]
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    transform: Transform,
    #[serde(default)]
    value: Value,
    pattern: Option<String>,
    #[serde(default)]
    with: String,
    #[serde(default)]
    regex: bool,
    separator: Option<String>,
    index: Option<i64>,
    length: Option<usize>,
    suffix: Option<String>,
    #[serde(default)]
    all: bool,
    #[serde(default)]
    default: Value,
}

pub(super) fn apply(parameters: &Parameters) -> Result<Value, String> {
    match (parameters.transform, &parameters.value) {
        (Transform::Default, value) => {
            let empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
            return Ok(if empty { parameters.default.clone() } else { value.clone() });
        }
        (Transform::Length, Value::Array(items)) => return Ok(json!(items.len())),
        (Transform::Length, Value::Object(fields)) => return Ok(json!(fields.len())),
        (Transform::Join, value) => return pieces::join(parameters, value).map(Value::String),
        _ => {}
    }
    let text = text(&parameters.value).ok_or("`value` must be text")?;
    let made = match parameters.transform {
        Transform::Length => return Ok(json!(text.chars().count())),
        Transform::Split => return pieces::split(parameters, &text),
        Transform::ExtractEmail => return Ok(extract::emails(&text, parameters.all)),
        Transform::ExtractNumber => return Ok(extract::numbers(&text, parameters.all)),
        Transform::ExtractUrl => return Ok(extract::urls(&text, parameters.all)),
        Transform::ParseJson => return convert::parse_json(&text),
        Transform::Uppercase => text.to_uppercase(),
        Transform::Lowercase => text.to_lowercase(),
        Transform::Capitalize => pieces::capitalize(&text),
        Transform::Titlecase => pieces::titlecase(&text),
        Transform::Trim => text.trim().to_owned(),
        Transform::Replace => pieces::replace(parameters, &text)?,
        Transform::Slugify => slug::slugify(&text),
        Transform::Truncate => pieces::truncate(parameters, &text)?,
        Transform::UrlEncode => convert::url_encode(&text),
        Transform::UrlDecode => convert::url_decode(&text)?,
        Transform::Base64Encode => convert::base64_encode(&text),
        Transform::Base64Decode => convert::base64_decode(&text)?,
        Transform::HtmlToText => nanohtml2text::html2text(&text),
        Transform::MarkdownToHtml => convert::markdown_to_html(&text),
        Transform::Default | Transform::Join => text.into_owned(),
    };
    Ok(Value::String(made))
}

/// Null is empty text.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        Value::Null => Some(Cow::Borrowed("")),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn within_limit(size: usize) -> Result<(), String> {
    if size > TEXT_LIMIT { Err(format!("the result is larger than {TEXT_LIMIT} bytes")) } else { Ok(()) }
}
