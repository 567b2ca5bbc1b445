//! The response to a request, for the transports.

use async_graphql::{Response, ServerError};
use triptych_services::{clock::Clock, error::Code};

use crate::{errors, output::json};

/// Maximum number of errors in the response to an invalid document.
const MAX_ERRORS: usize = 100;

/// A response.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `{ data errors extensions }`, as JSON; without `data` if nothing was executed.
    pub body: String,
    /// Whether the operation was executed; `false` if the document was refused.
    pub executed: bool,
    /// The errors as a JSON list, if nothing was executed.
    pub errors: String,
    /// HTTP headers, such as `Set-Cookie`.
    pub headers: Vec<(String, String)>,
}

impl Outcome {
    /// The outcome of an execution.
    pub(crate) fn of(mut response: Response, clock: &Clock) -> Self {
        // Without data, an error without a path was found before the execution.
        let executed = response.errors.is_empty()
            || response.data != async_graphql::Value::Null
            || response.errors.iter().any(|error: &ServerError| !error.path.is_empty());
        for error in &mut response.errors {
            errors::present(error, clock);
        }
        if !executed {
            return Outcome::refused(&response.errors);
        }
        let headers = response
            .http_headers
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        Outcome { body: body(&response), errors: String::new(), executed, headers }
    }

    /// The response to an invalid document: errors without `data`.
    pub(crate) fn refused(errors: &[ServerError]) -> Self {
        let further = errors.len().saturating_sub(MAX_ERRORS);
        let mut errors = errors[..errors.len() - further].to_vec();
        if further > 0 {
            errors.push(ServerError::new(format!("{further} further errors"), None));
        }
        for error in &mut errors {
            errors::refuse(error);
        }
        let errors = errors.write();
        Self { body: format!(r#"{{"errors":{errors}}}"#), errors, executed: false, headers: Vec::new() }
    }

    /// The response to a request that the transport refuses.
    #[must_use]
    pub fn refuse(code: Code, message: &str) -> Self {
        let mut error = ServerError::new(message, None);
        errors::set_code(&mut error, code);
        Self::refused(&[error])
    }

    pub(crate) fn refused_because(message: String) -> Self {
        Self::refused(&[ServerError::new(message, None)])
    }
}

/// The response as JSON.
fn body(response: &Response) -> String {
    let mut text = Vec::with_capacity(json::estimate(&response.data) + 64);
    text.push(b'{');
    if !response.errors.is_empty() {
        text.extend_from_slice(format!(r#""errors":{},"#, response.errors.write()).as_bytes());
    }
    text.extend_from_slice(br#""data":"#);
    json::write(&response.data, &mut text);
    if !response.extensions.is_empty() {
        text.extend_from_slice(format!(r#","extensions":{}"#, response.extensions.write()).as_bytes());
    }
    text.push(b'}');
    String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Serialization cannot fail, as responses consist of JSON values.
trait Write {
    fn write(&self) -> String;
}

impl<T: serde::Serialize> Write for T {
    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned())
    }
}
