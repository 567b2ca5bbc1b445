//! Converts errors of providers into messages that may be shown to users.

use genai::webc::StreamTimeout;
use serde_json::Value;
use triptych_services::conversations::models::Models;

use crate::conversations::models::ModelError;

/// Maximum length of a message of a provider in an error, in characters.
const MAX_WORDS: usize = 300;

pub(super) fn of(error: &genai::Error, models: &Models) -> ModelError {
    // Errors of a stream contain the cause.
    if let genai::Error::WebStream { error: cause, .. } = error {
        if let Some(inner) = cause.downcast_ref::<genai::Error>() {
            return of(inner, models);
        }
        if cause.downcast_ref::<StreamTimeout>().is_some() {
            return timeout();
        }
        if let Some(inner) = cause.downcast_ref::<reqwest::Error>() {
            return of_http(inner);
        }
        return ModelError::cut_off();
    }
    if let Some(status) = error.status() {
        let words = match error {
            genai::Error::HttpError { body, .. } => own_words(body, models),
            _ => None,
        };
        return of_status(status.as_u16(), words.as_deref());
    }
    match error {
        genai::Error::ChatResponse { body, .. } => {
            let message = words(body, models).unwrap_or_else(|| "no reason given".to_owned());
            ModelError::temporary(ModelError::UPSTREAM_FAILED, format!("the provider failed: {message}"))
        }
        genai::Error::StreamParse { .. } => ModelError::temporary(
            ModelError::UPSTREAM_FAILED,
            "the response of the provider cannot be parsed",
        ),
        genai::Error::WebModelCall { webc_error: genai::webc::Error::Reqwest(error), .. } => of_http(error),
        other => {
            tracing::warn!(error = %models.redact(&other.to_string()), "a request to a model provider failed");
            ModelError::permanent(ModelError::UPSTREAM_FAILED, "the request to the provider failed")
        }
    }
}

fn of_status(status: u16, words: Option<&str>) -> ModelError {
    let with_words = |text: &str| match words {
        Some(words) => format!("{text}: {words}"),
        None => text.to_owned(),
    };
    match status {
        // The body may contain the API key.
        401 | 403 => ModelError::permanent(
            ModelError::UPSTREAM_FAILED,
            format!("the provider refused the API key (status {status})"),
        ),
        408 => timeout(),
        429 => ModelError::temporary(
            ModelError::RATE_LIMITED,
            with_words("the provider takes no more requests for now (status 429)"),
        ),
        500.. => ModelError::temporary(
            ModelError::UPSTREAM_FAILED,
            with_words(&format!("the provider failed (status {status})")),
        ),
        _ => ModelError::permanent(
            ModelError::UPSTREAM_FAILED,
            with_words(&format!("the provider refused the request (status {status})")),
        ),
    }
}

fn of_http(error: &reqwest::Error) -> ModelError {
    if error.is_timeout() {
        timeout()
    } else if error.is_connect() {
        ModelError::temporary(ModelError::UPSTREAM_FAILED, "the provider cannot be reached")
    } else {
        ModelError::cut_off()
    }
}

fn timeout() -> ModelError {
    ModelError::temporary(ModelError::TIMEOUT, "the provider took too long")
}

fn own_words(body: &str, models: &Models) -> Option<String> {
    words(serde_json::from_str::<Value>(body).ok()?.get("error")?, models)
}

fn words(error: &Value, models: &Models) -> Option<String> {
    let message = error.get("message").unwrap_or(error).as_str()?;
    let message: String = models.redact(message).chars().take(MAX_WORDS).collect();
    (!message.is_empty()).then_some(message)
}
