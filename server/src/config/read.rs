//! Reads the configuration past its mistakes: serde stops at the first one, so each wrong value is reported, replaced
//! by its default, and the whole is read again.

use figment::{
    Figment,
    error::{Actual, Error, Kind},
    value::{Dict, Value},
};

use super::{Config, check::nearest, problems::Problems, sources};

/// The settings, with defaults in place of what was reported. `None` when a reported mistake has no default.
pub(super) fn read(sources: &Figment, problems: &mut Problems<'_>) -> Option<Config> {
    let mut settings: Dict = sources.extract().unwrap_or_default();
    let defaults: Dict = sources::defaults().extract().unwrap_or_default();
    loop {
        match Value::from(settings.clone()).deserialize::<Config>() {
            Ok(config) => return Some(config),
            Err(error) => {
                let repaired = report(&error, problems);
                if !repair(&mut settings, &defaults, &repaired) {
                    return None;
                }
            }
        }
    }
}

/// Reports one mistake, and returns the path of the value to replace.
fn report(error: &Error, problems: &mut Problems<'_>) -> Vec<String> {
    let path = error.path.clone();
    let key = path.join(".");
    match &error.kind {
        Kind::UnknownField(_, known) => {
            let what = if path.len() == 1 { "section" } else { "key" };
            let name = path.last().map_or("", String::as_str);
            problems.add(&key, format!("there is no such {what}{}", nearest(name, known)));
        }
        // An entry without a default, such as a provider, is removed if its required key is missing.
        Kind::MissingField(field) => problems.add(&format!("{key}.{field}"), "is required"),
        kind => problems.add(&key, describe(kind)),
    }
    path
}

/// Puts the default, if there is one, in place of the value at a path, else removes it. `false` when nothing changes.
fn repair(settings: &mut Dict, defaults: &Dict, path: &[String]) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    let default = defaults.get(name);
    if rest.is_empty() {
        let before = match default {
            Some(default) => settings.insert(name.clone(), default.clone()),
            None => settings.remove(name),
        };
        return before.as_ref() != default;
    }
    let none = Dict::new();
    let defaults = default.and_then(Value::as_dict).unwrap_or(&none);
    match settings.get_mut(name) {
        Some(Value::Dict(_, inner)) => repair(inner, defaults, rest),
        // An element of a list is wrong, and with it the list.
        _ => repair(settings, defaults, std::slice::from_ref(name)),
    }
}

/// Does not repeat the value: a value under the wrong key may be a secret.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(actual, expected) => {
            format!("expected {}, found {}", expected_type(expected), actual_type(actual))
        }
        Kind::InvalidValue(_, expected) => format!("expected {}", expected_type(expected)),
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        other => other.to_string(),
    }
}

/// The name of a type for people who do not know Rust.
fn expected_type(expected: &str) -> &str {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number",
        "a string" => "text",
        "a sequence" => "a list",
        "a map" => "a section",
        other if other.starts_with("struct ") => "a section",
        other => other,
    }
}

fn actual_type(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Map => "a section",
        Actual::Seq => "a list",
        _ => "something else",
    }
}
