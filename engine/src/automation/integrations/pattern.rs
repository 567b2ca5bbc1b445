//! Regular expressions of users. A search takes time in proportion to the length of the text times the size of the
//! expression, and cannot be interrupted, so that product is limited; the searches of one text are limited in number
//! and by the deadline.

use regex::{Regex, RegexBuilder};

use super::ActionError;
use crate::compute::{Deadline, TooLong};

/// The longest text that is searched, in bytes.
const TEXT_LIMIT: usize = 1_048_576;
/// The largest compiled expression, in bytes.
const SIZE_LIMIT: usize = 1_048_576;
/// The length of a text times the size of the expression: a second or two in the worst case.
const PRODUCT_LIMIT: usize = 1 << 34;
/// The most matches in one text.
pub(super) const MATCH_LIMIT: usize = 100_000;

/// Why a value was not transformed or tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A parameter is wrong. The message is for the author of the flow.
    Wrong(String),
    /// The work exceeds a limit.
    TooMuch(String),
}

impl From<Trouble> for ActionError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Wrong(message) => Self::bad_parameters(message),
            Trouble::TooMuch(message) => Self::permanent("WORK_LIMIT", message),
        }
    }
}

impl From<String> for Trouble {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

impl From<&'static str> for Trouble {
    fn from(message: &'static str) -> Self {
        Self::Wrong(message.to_owned())
    }
}

impl From<TooLong> for Trouble {
    fn from(error: TooLong) -> Self {
        Self::TooMuch(error.to_string())
    }
}

/// Compiles an expression for a text of this length.
pub(super) fn compile(pattern: &str, length: usize) -> Result<Regex, Trouble> {
    if length > TEXT_LIMIT {
        return Err(Trouble::TooMuch(format!(
            "a regular expression searches {TEXT_LIMIT} bytes of text at most, and this has {length}"
        )));
    }
    let room = PRODUCT_LIMIT / length.max(1);
    match RegexBuilder::new(pattern).size_limit(room.min(SIZE_LIMIT)).build() {
        Err(regex::Error::CompiledTooBig(_)) if room < SIZE_LIMIT => Err(Trouble::TooMuch(format!(
            "the regular expression is too large for a text of {length} bytes; use a smaller one, or a shorter text"
        ))),
        built => built.map_err(|error| format!("not a regular expression: {error}").into()),
    }
}

/// Counts the parts of a text that were found, and checks the deadline.
pub(super) struct Count {
    left: usize,
    deadline: Deadline,
}

impl Count {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self { left: MATCH_LIMIT, deadline }
    }

    /// Called for each part.
    pub(super) fn one(&mut self) -> Result<(), Trouble> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| Trouble::TooMuch(format!("more than {MATCH_LIMIT} parts were found")))?;
        Ok(self.deadline.check()?)
    }
}
