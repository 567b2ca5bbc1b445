//! Newtypes for texts and numbers of inputs, which are validated when they are parsed. An error is a message for the
//! caller; the service adds the path.

mod kind;
mod text;
mod time_limit;

pub(crate) use text::{
    ClientId, ContentUrl, Email, FileName, FlowName, FlowNotes, HostName, MediaType, Name, Search, StepKey,
    StepName, Title,
};
pub(crate) use time_limit::TimeLimit;

use triptych_stores::error::{Invalid, Problem, ServiceError};

/// Why a value is refused: a sentence for the caller.
pub(crate) type Refusal = &'static str;

/// Collects the problems of an input, each with its path.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The parsed value, or a problem at the path.
    pub(crate) fn parsed<T>(
        &mut self,
        path: impl Into<String>,
        parsed: Result<T, impl Into<String>>,
    ) -> Option<T> {
        parsed.map_err(|message| self.add(path, message)).ok()
    }

    /// Checks a value that may be absent.
    pub(crate) fn given<T, M: Into<String>>(
        &mut self,
        path: &str,
        value: Option<&T>,
        check: impl FnOnce(&T) -> Result<(), M>,
    ) {
        self.parsed(path, value.map_or(Ok(()), check));
    }

    /// Replaces a value that may be absent by its stored form.
    pub(crate) fn normalize<T, M: Into<String>>(
        &mut self,
        path: &str,
        value: &mut Option<T>,
        parse: impl FnOnce(&T) -> Result<T, M>,
    ) {
        if let Some(parsed) = value.as_ref().and_then(|value| self.parsed(path, parse(value))) {
            *value = Some(parsed);
        }
    }

    pub(crate) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::new(path, message));
    }

    /// The value of a check that finds several problems itself.
    pub(crate) fn checked<T>(&mut self, checked: Result<T, Invalid>) -> Option<T> {
        checked.map_err(|Invalid(problems)| self.extend(problems)).ok()
    }

    pub(crate) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parsed input, unless there are problems.
    ///
    /// # Errors
    /// All problems.
    pub(crate) fn finish<T>(self, parsed: Option<T>) -> Result<T, Invalid> {
        match parsed {
            Some(parsed) if self.0.is_empty() => Ok(parsed),
            _ => Err(Invalid(self.0)),
        }
    }

    /// # Errors
    /// All problems, if there are any.
    pub(crate) fn check(self) -> Result<(), Invalid> {
        Invalid::check(self.0)
    }

    /// The error, where a value is missing because of one of the problems.
    pub(crate) fn invalid(self) -> ServiceError {
        Invalid(self.0).into()
    }
}
