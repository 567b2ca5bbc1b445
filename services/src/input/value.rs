//! Texts and numbers with a form.

use super::Refusal;

/// An e-mail address, without white space at its ends. Up to 254 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

/// The key of a step, by which links and templates refer to it. A letter, then up to 63 letters, digits or
/// underscores, all ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StepKey(String);

/// The time limit of an attempt of a step. 1 to 3600 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit(i32);

/// The media type of a file, such as `application/pdf`. Up to 255 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType(String);

/// The URL of the content of a file, with the scheme `https:` or `data:`. Up to 8,192 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentUrl(String);

/// The notes of a flow. Up to 10,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowNotes(String);

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

impl Email {
    const LONGEST: usize = 254;

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let well_formed = text.chars().count() <= Self::LONGEST
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.starts_with('.')
                    && domain.contains('.')
                    && !domain.ends_with('.')
                    && !text.chars().any(char::is_whitespace)
                    && !domain.contains('@')
            });
        well_formed.then(|| Self(text.to_owned())).ok_or("must be an e-mail address, such as ada@example.com")
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl StepKey {
    const LONGEST: usize = 64;

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let well_formed = text.chars().count() <= Self::LONGEST
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or("must be a letter, then up to 63 letters, digits or underscores")
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TimeLimit {
    pub(crate) fn parse(seconds: i32) -> Result<Self, Refusal> {
        (1..=3600).contains(&seconds).then_some(Self(seconds)).ok_or("must be between 1 and 3600")
    }

    pub(crate) fn seconds(self) -> i32 {
        self.0
    }
}

impl MediaType {
    const LONGEST: usize = 255;

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let well_formed = text.chars().count() <= Self::LONGEST
            && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
            && text.split_once('/').is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty());
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or("must be a media type of up to 255 characters, such as application/pdf")
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl ContentUrl {
    const LONGEST: usize = 8_192;

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let well_formed = text.chars().count() <= Self::LONGEST
            && !text.chars().any(char::is_whitespace)
            && text.split_once(':').is_some_and(|(scheme, rest)| {
                !rest.is_empty() && ["https", "data"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            });
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or("must be a URL of up to 8192 characters, with the scheme `https:` or `data:`")
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
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
    fn a_time_limit_is_at_most_an_hour() {
        for (seconds, good) in [(0, false), (1, true), (3600, true), (3601, false), (-1, false)] {
            assert_eq!(TimeLimit::parse(seconds).is_ok(), good, "{seconds}");
        }
    }

    #[test]
    fn e_mail_addresses_are_limited_in_characters() {
        let of_length = |n: usize| format!("{}@example.com", "ä".repeat(n - "@example.com".len()));
        assert!(Email::parse(&of_length(254)).is_ok());
        assert!(Email::parse(&of_length(255)).is_err());
        for bad in
            ["", "ada", "@example.com", "ada@example", "ada@.example.com", "a da@example.com", "a@b@c.d"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn media_types_have_a_type_and_a_subtype() {
        for (text, good) in [
            ("application/pdf", true),
            ("text/plain; charset=utf-8", true),
            ("", false),
            ("pdf", false),
            ("/pdf", false),
            ("text/", false),
            ("text/plain\n", false),
        ] {
            assert_eq!(MediaType::parse(text).is_ok(), good, "{text}");
        }
        assert!(MediaType::parse(&format!("a/{}", "b".repeat(254))).is_err());
    }

    #[test]
    fn content_has_an_https_or_data_url() {
        for (text, good) in [
            ("https://example.com/a.png", true),
            ("HTTPS://example.com", true),
            ("data:image/png;base64,AAAA", true),
            ("http://example.com/a.png", false),
            ("file:///etc/passwd", false),
            ("https:", false),
            ("https://example.com/a b", false),
            ("", false),
        ] {
            assert_eq!(ContentUrl::parse(text).is_ok(), good, "{text}");
        }
        assert!(ContentUrl::parse(&format!("data:,{}", "x".repeat(8_192))).is_err());
    }
}
