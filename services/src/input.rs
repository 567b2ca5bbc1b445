//! Newtypes for texts and numbers of inputs, which are validated when they are parsed. An error is a message for the
//! caller; the service adds the path.

use triptych_stores::error::{Invalid, Problem, ServiceError};

/// The caller's own id for a call, by which repeating the call is recognised. 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientId(String);

/// The name of a flow, without space at its ends. 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowName(String);

/// The notes of a flow. Up to 10,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowNotes(String);

/// The name of a step, for people. 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepName(String);

/// The key of a step, by which links and templates refer to it. A letter, then up to 63 letters, digits or
/// underscores, all ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StepKey(String);

/// The time limit of an attempt at a step. 1 to 3600 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit(i32);

/// Why a value is refused: a sentence for the caller.
pub(crate) type Refusal = &'static str;

/// An e-mail address, as it was written but without space at its ends. Up to 254 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

/// The name of a person, an organization, a credential or an API token, without space at its ends. 1 to 120
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

/// The title of something that people keep, without space at its ends. 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Title(String);

impl Email {
    const LONGEST: usize = 254;

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let well_formed = text.len() <= Self::LONGEST
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.starts_with('.')
                    && domain.contains('.')
                    && !domain.ends_with('.')
                    && !text.chars().any(char::is_whitespace)
                    && !domain.contains('@')
            });
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be an e-mail address, such as ada@example.com")
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if (1..=120).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must have 1 to 120 characters")
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl Title {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        short(text).map(|()| Self(text.to_owned()))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Collects the problems of an input, each with its path.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The parsed value, or a problem at the path.
    pub(crate) fn parsed<T>(&mut self, path: &str, parsed: Result<T, impl Into<String>>) -> Option<T> {
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

    /// Brings a value that may be absent into its stored form.
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

    pub(crate) fn add(&mut self, path: &str, message: impl Into<String>) {
        self.0.push(Problem::new(path, message));
    }

    /// # Errors
    /// All problems, if there are any.
    pub(crate) fn check(self) -> Result<(), Invalid> {
        Invalid::check(self.0)
    }

    /// The value of a check that finds several problems itself, unless there is any problem at all.
    ///
    /// # Errors
    /// The problems of both.
    pub(crate) fn with<T>(mut self, checked: Result<T, Invalid>) -> Result<T, Invalid> {
        match checked {
            Ok(value) => self.check().map(|()| value),
            Err(Invalid(more)) => {
                self.0.extend(more);
                Err(Invalid(self.0))
            }
        }
    }

    /// The refusal of the input, where a value is missing because of one of the problems.
    pub(crate) fn invalid(self) -> ServiceError {
        Invalid(self.0).into()
    }
}

impl ClientId {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        short(text).map(|()| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FlowName {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        short(text).map(|()| Self(text.to_owned()))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl FlowNotes {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.chars().count() > 10_000 {
            return Err("must have at most 10000 characters");
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl StepName {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        short(text).map(|()| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl StepKey {
    const LONGEST: usize = 64;

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let fits = text.len() <= Self::LONGEST
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be a letter, then up to 63 letters, digits or underscores")
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TimeLimit {
    pub(crate) fn parse(seconds: i32) -> Result<Self, Refusal> {
        if (1..=3600).contains(&seconds) { Ok(Self(seconds)) } else { Err("must be between 1 and 3600") }
    }

    pub(crate) fn seconds(self) -> i32 {
        self.0
    }
}

fn short(text: &str) -> Result<(), Refusal> {
    if (1..=200).contains(&text.chars().count()) { Ok(()) } else { Err("must have 1 to 200 characters") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_keys_are_a_letter_then_letters_digits_and_underscores() {
        let longest = "a".repeat(64);
        for good in ["a", "Z9_", "step_1", &longest] {
            assert_eq!(StepKey::parse(good).map(|key| key.0).as_deref(), Ok(good));
        }
        let too_long = "a".repeat(65);
        for bad in ["", "1a", "_a", "a-b", "a b", "ä", "aé", &too_long] {
            assert!(StepKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters() {
        let longest = "ä".repeat(200);
        assert!(ClientId::parse(&longest).is_ok());
        assert!(StepName::parse(&longest).is_ok());
        assert!(ClientId::parse("").is_err());
        assert!(StepName::parse(&format!("{longest}ä")).is_err());
        assert_eq!(FlowName::parse("  My flow ").map(FlowName::into_string).as_deref(), Ok("My flow"));
        assert!(FlowName::parse("   ").is_err());
    }

    #[test]
    fn a_time_limit_is_at_most_an_hour() {
        for (seconds, good) in [(0, false), (1, true), (3600, true), (3601, false), (-1, false)] {
            assert_eq!(TimeLimit::parse(seconds).is_ok(), good, "{seconds}");
        }
    }
}
