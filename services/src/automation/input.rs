//! Newtypes for texts and numbers of inputs, which are validated when they are parsed. An error is a message for the
//! caller; the service adds the path.

/// The caller's own id for a call, by which repeating the call is recognised. 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientId(String);

/// The name of a flow, without space at its ends. 1 to 200 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowName(String);

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

type Refusal = &'static str;

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
