//! Limits of the parameters of a model call.

use triptych_entities::documents::conversations::generation::Parameters;

use crate::input::{Problems, Refusal};

const MAX_STOPS: usize = 16;
const MAX_STOP: usize = 200;
const MAX_SYSTEM: usize = 100_000;

/// Checks the parameters; problems are at `parameters.<name>`.
pub(super) fn check(parameters: Option<&Parameters>, problems: &mut Problems) {
    let Some(parameters) = parameters else { return };
    let mut wrong = |field: &str, message: &str| {
        problems.add(format!("parameters.{field}"), message);
    };
    if parameters.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t)) {
        wrong("temperature", "must be between 0 and 2");
    }
    if parameters.top_p.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
        wrong("topP", "must be between 0 and 1");
    }
    if parameters.max_output_tokens.is_some_and(|n| n < 1) {
        wrong("maxOutputTokens", "must be at least 1");
    }
    let fits = |stop: &String| !stop.is_empty() && stop.chars().count() <= MAX_STOP;
    if parameters.stop.len() > MAX_STOPS || !parameters.stop.iter().all(fits) {
        wrong("stop", "at most 16 texts of 1 to 200 characters");
    }
    if parameters.json_schema.as_ref().is_some_and(|schema| !schema.is_object()) {
        wrong("jsonSchema", "must be an object");
    }
}

/// Checks a system prompt.
pub(super) fn check_system(text: &str) -> Result<(), Refusal> {
    if text.chars().count() > MAX_SYSTEM { Err("must have at most 100000 characters") } else { Ok(()) }
}
