//! Texts with a limit, which is counted in characters.

use std::{fmt, marker::PhantomData};

/// A kind of text.
pub(crate) trait TextKind {
    /// The maximum length, in characters. The minimum is 1.
    const LONGEST: usize;
    /// Whether white space at the ends is removed.
    const TRIMMED: bool = true;
}

/// A valid text of a kind.
pub(crate) struct Text<K>(String, PhantomData<fn() -> K>);

impl<K: TextKind> Text<K> {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = if K::TRIMMED { text.trim() } else { text };
        if text.is_empty() || text.chars().count() > K::LONGEST {
            return Err(format!("must have 1 to {} characters", K::LONGEST));
        }
        Ok(Self(text.to_owned(), PhantomData))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<K> Clone for Text<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K> fmt::Debug for Text<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An idempotency key, which the caller chooses.
pub(crate) type ClientId = Text<kind::ClientId>;
/// The name of a flow.
pub(crate) type FlowName = Text<kind::FlowName>;
/// The display name of a step.
pub(crate) type StepName = Text<kind::StepName>;
/// The name of a user, an organization, a credential or an API token.
pub(crate) type Name = Text<kind::Name>;
/// The title of a thread.
pub(crate) type Title = Text<kind::Title>;
/// The name of a file in a message.
pub(crate) type FileName = Text<kind::FileName>;

pub(crate) mod kind {
    use super::TextKind;

    pub(crate) enum ClientId {}
    pub(crate) enum FlowName {}
    pub(crate) enum StepName {}
    pub(crate) enum Name {}
    pub(crate) enum Title {}
    pub(crate) enum FileName {}

    impl TextKind for ClientId {
        const LONGEST: usize = 200;
        const TRIMMED: bool = false;
    }

    impl TextKind for FlowName {
        const LONGEST: usize = 200;
    }

    impl TextKind for StepName {
        const LONGEST: usize = 200;
        const TRIMMED: bool = false;
    }

    impl TextKind for Name {
        const LONGEST: usize = 120;
    }

    impl TextKind for Title {
        const LONGEST: usize = 200;
    }

    impl TextKind for FileName {
        const LONGEST: usize = 255;
        const TRIMMED: bool = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_counted_in_characters() {
        let longest = "ä".repeat(200);
        assert!(ClientId::parse(&longest).is_ok());
        assert!(ClientId::parse("").is_err());
        assert_eq!(StepName::parse(&format!("{longest}ä")).unwrap_err(), "must have 1 to 200 characters");
        assert!(Name::parse(&"ä".repeat(120)).is_ok());
        assert!(Name::parse(&"ä".repeat(121)).is_err());
    }

    #[test]
    fn names_are_trimmed_and_keys_are_not() {
        assert_eq!(FlowName::parse("  My flow ").unwrap().as_str(), "My flow");
        assert!(FlowName::parse("   ").is_err());
        assert_eq!(ClientId::parse(" a ").unwrap().as_str(), " a ");
    }
}
