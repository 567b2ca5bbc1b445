//! The errors of templates.

use minijinja::ErrorKind;

use super::VALUE_LIMIT;

/// An error of rendering a template. Rendering is deterministic, so no error is retryable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The template cannot be parsed.
    #[error("{path}: {message}")]
    Syntax { path: String, message: String },
    /// The value that it refers to does not exist.
    #[error("{path}: `{expression}` has no value; add `| default(…)` if it may be missing")]
    Missing { path: String, expression: String },
    /// The result is larger than [`VALUE_LIMIT`].
    #[error("{path}: the result is larger than {VALUE_LIMIT} bytes")]
    TooLarge { path: String },
    /// The fuel of one value is used up.
    #[error("{path}: the template exceeds the limit of work or memory")]
    TooMuchWork { path: String },
    /// An operation or filter failed.
    #[error("{path}: `{expression}`: {message}")]
    Failed { path: String, expression: String, message: String },
}

impl TemplateError {
    /// The path of the template in the parameters, such as `json.items.0.name`. Empty for a condition.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Syntax { path, .. }
            | Self::Missing { path, .. }
            | Self::TooLarge { path }
            | Self::TooMuchWork { path }
            | Self::Failed { path, .. } => path,
        }
    }

    /// The code that a failed step records.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "TEMPLATE_SYNTAX",
            Self::Missing { .. } => "TEMPLATE_MISSING_VALUE",
            Self::TooLarge { .. } | Self::TooMuchWork { .. } => "TEMPLATE_LIMIT",
            Self::Failed { .. } => "TEMPLATE_FAILED",
        }
    }

    pub(super) fn from_engine(error: &minijinja::Error, path: &str, source: &str) -> Self {
        let path = path.to_owned();
        let span = error.range().and_then(|range| source.get(path_start(source, range.start)..range.end));
        let expression =
            span.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(source.trim()).to_owned();
        match error.kind() {
            ErrorKind::SyntaxError
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction => Self::Syntax { path, message: describe(error) },
            ErrorKind::UndefinedError => Self::Missing { path, expression },
            ErrorKind::OutOfFuel => Self::TooMuchWork { path },
            _ => Self::Failed { path, expression, message: describe(error) },
        }
    }
}

/// The start of the path of which the engine reports only the last part: `.name` of `trigger.body.name`, `upper` of
/// `trigger.body.name | upper`.
fn path_start(source: &str, lookup: usize) -> usize {
    let Some(mut before) = source.get(..lookup) else { return lookup };
    match before.trim_end().strip_suffix('|') {
        Some(filtered) => before = filtered.trim_end(),
        None if source[lookup..].starts_with(['.', '[']) => before = before.trim_end(),
        None => return lookup,
    }
    loop {
        let shorter = match before.strip_suffix(']') {
            // A subscript with any content.
            Some(inside) => inside.rfind('[').map_or(before, |open| &before[..open]),
            None => before.trim_end_matches(|character: char| {
                character.is_alphanumeric() || matches!(character, '_' | '.')
            }),
        };
        if shorter.len() == before.len() {
            return before.len();
        }
        before = shorter;
    }
}

/// The engine's message, without its references to files and lines.
pub(super) fn describe(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
