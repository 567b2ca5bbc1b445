//! Errors of invalid input.

use super::{Code, Coded};

/// One problem of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path from the input's root, in the names of the API: `steps.2.parameters.url`.
    pub path: String,
    /// The problem, and what is accepted.
    pub message: String,
}

impl Problem {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// An invalid input, with all problems that were found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct Invalid(pub Vec<Problem>);

impl Invalid {
    pub fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Problem::new(path, message)])
    }

    /// Checks that there are no problems.
    ///
    /// # Errors
    /// All problems, if there are any.
    pub fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [one] => format!("{}: {}", one.path, one.message),
        many => format!("{} problems with the input", many.len()),
    }
}

impl Coded for Invalid {
    fn code(&self) -> Code {
        Code::BadUserInput
    }

    fn problems(&self) -> &[Problem] {
        &self.0
    }
}
