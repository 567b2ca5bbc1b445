//! Texts of inputs, each with a limit, which is counted in characters.

use std::{fmt, marker::PhantomData};

use triptych_stores::error::Invalid;

use super::kind;

/// A kind of text.
pub(crate) trait TextKind {
    /// The maximum length, in characters.
    const LONGEST: usize;
    /// Whether the text may be empty.
    const OPTIONAL: bool = false;
    /// Whether white space at the ends is removed.
    const TRIMMED: bool = true;
    /// The form of the text, for the message of an error. Absent if any text of this length is valid.
    const FORM: Option<&'static str> = None;

    /// Whether a text within the limit has the form.
    fn has_form(_text: &str) -> bool {
        true
    }
}

/// A valid text of a kind.
pub(crate) struct Text<K>(String, PhantomData<fn() -> K>);

impl<K: TextKind> Text<K> {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = if K::TRIMMED { text.trim() } else { text };
        let fits = (K::OPTIONAL || !text.is_empty()) && text.chars().count() <= K::LONGEST;
        match K::FORM {
            _ if fits && K::has_form(text) => Ok(Self(text.to_owned(), PhantomData)),
            Some(form) => Err(format!("must be {form}")),
            None if K::OPTIONAL => Err(format!("must have at most {} characters", K::LONGEST)),
            None => Err(format!("must have 1 to {} characters", K::LONGEST)),
        }
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
/// The notes of a flow.
pub(crate) type FlowNotes = Text<kind::FlowNotes>;
/// The display name of a step.
pub(crate) type StepName = Text<kind::StepName>;
/// The key of a step, by which links and templates refer to it.
pub(crate) type StepKey = Text<kind::StepKey>;
/// The name of a user, an organization, a credential, an API token or a preset.
pub(crate) type Name = Text<kind::Name>;
/// The title of a thread.
pub(crate) type Title = Text<kind::Title>;
/// An e-mail address.
pub(crate) type Email = Text<kind::Email>;
/// The name of a file in a message.
pub(crate) type FileName = Text<kind::FileName>;
/// The media type of a file in a message.
pub(crate) type MediaType = Text<kind::MediaType>;
/// The URL of the content of a file in a message.
pub(crate) type ContentUrl = Text<kind::ContentUrl>;

/// A host that a credential may be sent to.
pub(crate) type HostName = Text<kind::HostName>;
/// The text that a list is searched for.
pub(crate) type Search = Text<kind::Search>;

impl Search {
    /// The search text of a filter. A blank text does not restrict the list.
    ///
    /// # Errors
    /// If the text is too long.
    pub(crate) fn of_filter(text: Option<&str>) -> Result<Option<Self>, Invalid> {
        let text = text.filter(|text| !text.trim().is_empty());
        text.map(Self::parse).transpose().map_err(|message| Invalid::one("filter.search", message))
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

    fn check<K: TextKind>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(Text::<K>::parse(text).unwrap().as_str(), *text);
        }
        for text in bad {
            let refusal = Text::<K>::parse(text).unwrap_err();
            assert_eq!(refusal, format!("must be {}", K::FORM.unwrap()), "{text}");
        }
    }

    #[test]
    fn step_keys_are_a_letter_then_letters_digits_and_underscores() {
        let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
        check::<kind::StepKey>(
            &["a", "Z9_", "step_1", &longest],
            &["", "1a", "_a", "a-b", "a b", " a", "ä", "aé", &too_long],
        );
    }

    #[test]
    fn e_mail_addresses_have_a_local_part_and_a_domain() {
        let of_length = |n: usize| format!("{}@example.com", "ä".repeat(n - "@example.com".len()));
        check::<kind::Email>(
            &["ada@example.com", &of_length(254)],
            &["", "ada", "@example.com", "ada@example", "ada@.example.com", "a da@example.com", "a@b@c.d"],
        );
        assert!(Email::parse(&of_length(255)).is_err());
    }

    #[test]
    fn media_types_have_a_type_and_a_subtype() {
        check::<kind::MediaType>(
            &["application/pdf", "text/plain; charset=utf-8"],
            &["", "pdf", "/pdf", "text/", "text/plain\n", &format!("a/{}", "b".repeat(254))],
        );
    }

    #[test]
    fn content_has_an_https_or_data_url() {
        check::<kind::ContentUrl>(
            &["https://example.com/a.png", "HTTPS://example.com", "data:image/png;base64,AAAA"],
            &[
                "",
                "http://example.com/a.png",
                "file:///etc/passwd",
                "https:",
                "https://example.com/a b",
                &format!("data:,{}", "x".repeat(8_192)),
            ],
        );
    }
}
