//! Removes values that differ between runs from responses, for snapshots.

use serde_json::Value;

/// Fields whose values differ between runs, with their replacements.
const FIELDS: [(&str, &str); 8] = [
    ("cursor", "[cursor]"),
    ("endCursor", "[cursor]"),
    ("errorId", "[error id]"),
    ("observationId", "[observation id]"),
    ("startCursor", "[cursor]"),
    ("timeToFirstTokenMs", "[milliseconds]"),
    ("token", "[token]"),
    ("traceId", "[trace id]"),
];

/// The response as indented JSON in which ids, times, cursors, secrets and addresses are replaced by their kinds.
pub fn redacted(answer: &Value) -> String {
    let mut answer = answer.clone();
    replace(&mut answer);
    serde_json::to_string_pretty(&answer).expect("JSON")
}

fn replace(value: &mut Value) {
    match value {
        Value::String(text) => *text = words(text),
        Value::Array(items) => items.iter_mut().for_each(replace),
        Value::Object(fields) => {
            for (name, value) in fields {
                match FIELDS.iter().find(|(field, _)| field == name) {
                    Some((_, stands_for)) if !value.is_null() => *value = Value::from(*stands_for),
                    _ => replace(value),
                }
            }
        }
        _ => {}
    }
}

/// Replaces each part of a text that differs between runs.
fn words(text: &str) -> String {
    let parts = text.split_inclusive(|c: char| c.is_whitespace() || "\"`;,()".contains(c)).map(|part| {
        let word = part.trim_end_matches(|c: char| c.is_whitespace() || "\"`;,()".contains(c));
        let rest = &part[word.len()..];
        match kind(word) {
            Some(stands_for) => format!("{stands_for}{rest}"),
            None => part.to_owned(),
        }
    });
    parts.collect()
}

fn kind(word: &str) -> Option<String> {
    if let Some((prefix, suffix)) = word.rsplit_once('_')
        && suffix.len() == 26
        && suffix.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase())
    {
        return Some(format!("[{prefix} id]"));
    }
    if word.starts_with("http://127.0.0.1:") {
        return Some("[address]".to_owned());
    }
    if word.starts_with("person") && word.ends_with("@example.com") {
        return Some("[e-mail address]".to_owned());
    }
    let (date, time) = word.split_once('T')?;
    let is_time = date.len() == 10 && date.matches('-').count() == 2 && time.matches(':').count() >= 2;
    is_time.then(|| "[time]".to_owned())
}
