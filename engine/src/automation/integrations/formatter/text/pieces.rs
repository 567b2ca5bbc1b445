//! Transforms that split, join and replace texts and change their case.

use serde_json::Value;

use super::{
    super::super::pattern::{Count, Trouble, compile},
    Parameters, text, within_limit,
};
use crate::compute::Deadline;

pub(super) fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Words start after whitespace and hyphens.
pub(super) fn titlecase(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut starts = true;
    for character in text.chars() {
        if starts {
            titled.extend(character.to_uppercase());
        } else {
            titled.extend(character.to_lowercase());
        }
        starts = character.is_whitespace() || character == '-';
    }
    titled
}

pub(super) fn replace(parameters: &Parameters, text: &str, deadline: Deadline) -> Result<String, Trouble> {
    let pattern = parameters.pattern.as_deref().filter(|pattern| !pattern.is_empty());
    let pattern = pattern.ok_or("`pattern` is missing")?;
    let with = &parameters.with;
    if !parameters.regex {
        within_limit(text.len().saturating_add(text.matches(pattern).count().saturating_mul(with.len())))?;
        return Ok(text.replace(pattern, with));
    }
    let pattern = compile(pattern, text.len())?;
    let references = with.matches('$').count();
    let mut count = Count::new(deadline);
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        count.one()?;
        replaced.push_str(&text[end..whole.start()]);
        // No group is longer than the whole match.
        let longest = references.saturating_mul(whole.len()).saturating_add(with.len());
        within_limit(replaced.len().saturating_add(longest))?;
        found.expand(with, &mut replaced);
        end = whole.end();
    }
    replaced.push_str(&text[end..]);
    Ok(replaced)
}

pub(super) fn split(parameters: &Parameters, text: &str, deadline: Deadline) -> Result<Value, Trouble> {
    let separator = parameters.separator.as_str();
    let mut count = Count::new(deadline);
    let mut part = |part: &str| count.one().map(|()| Value::from(part));
    let parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|character| part(character.encode_utf8(&mut [0; 4]))).collect::<Result<_, _>>()
    } else if parameters.regex {
        compile(separator, text.len())?.split(text).map(part).collect()
    } else {
        text.split(separator).map(part).collect()
    }?;
    let Some(index) = parameters.index else { return Ok(Value::Array(parts)) };
    let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    let at = if index < 0 { parts.len().checked_sub(distance) } else { Some(distance) };
    Ok(at.and_then(|at| parts.into_iter().nth(at)).unwrap_or_default())
}

pub(super) fn join(parameters: &Parameters, value: &Value) -> Result<String, Trouble> {
    let Value::Array(items) = value else { return Err("`value` must be a list".into()) };
    let separator = parameters.separator.as_str();
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            joined.push_str(separator);
        }
        match text(item) {
            Some(text) => joined.push_str(&text),
            None => joined.push_str(&item.to_string()),
        }
        within_limit(joined.len())?;
    }
    Ok(joined)
}

pub(super) fn truncate(parameters: &Parameters, text: &str) -> Result<String, String> {
    let length = parameters.length.ok_or("`length` is missing")?;
    if text.chars().count() <= length {
        return Ok(text.to_owned());
    }
    let suffix: String = parameters.suffix.chars().take(length).collect();
    let kept: String = text.chars().take(length - suffix.chars().count()).collect();
    Ok(format!("{}{suffix}", kept.trim_end()))
}
