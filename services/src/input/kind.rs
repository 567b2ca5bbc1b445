//! The kinds of texts of inputs: their limits and forms.

use super::text::TextKind;

pub(crate) enum ClientId {}
pub(crate) enum FlowName {}
pub(crate) enum FlowNotes {}
pub(crate) enum StepName {}
pub(crate) enum StepKey {}
pub(crate) enum Name {}
pub(crate) enum Title {}
pub(crate) enum Email {}
pub(crate) enum FileName {}
pub(crate) enum MediaType {}
pub(crate) enum ContentUrl {}
pub(crate) enum Search {}
pub(crate) enum HostName {}

impl TextKind for ClientId {
    const LONGEST: usize = 200;
    const TRIMMED: bool = false;
}

impl TextKind for FlowName {
    const LONGEST: usize = 200;
}

impl TextKind for FlowNotes {
    const LONGEST: usize = 10_000;
    const OPTIONAL: bool = true;
    const TRIMMED: bool = false;
}

impl TextKind for StepName {
    const LONGEST: usize = 200;
    const TRIMMED: bool = false;
}

impl TextKind for StepKey {
    const LONGEST: usize = 64;
    const TRIMMED: bool = false;
    const FORM: Option<&'static str> = Some("a letter, then up to 63 letters, digits or underscores");

    fn has_form(text: &str) -> bool {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }
}

impl TextKind for Name {
    const LONGEST: usize = 120;
}

impl TextKind for Title {
    const LONGEST: usize = 200;
}

impl TextKind for HostName {
    const LONGEST: usize = 255;
    const FORM: Option<&'static str> =
        Some("a host without scheme and path, such as api.example.com, *.example.com or localhost:9000");

    fn has_form(text: &str) -> bool {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let (name, port) = match name.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (name, None),
        };
        let address = name.starts_with('[') && name.ends_with(']');
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c) || (address && "[]:".contains(c)));
        !name.is_empty() && letters && port.is_none_or(|port| port.parse::<u16>().is_ok())
    }
}

impl TextKind for Search {
    const LONGEST: usize = 200;
}

impl TextKind for Email {
    const LONGEST: usize = 254;
    const FORM: Option<&'static str> = Some("an e-mail address, such as ada@example.com");

    fn has_form(text: &str) -> bool {
        let parts = text.split_once('@').filter(|_| !text.chars().any(char::is_whitespace));
        parts.is_some_and(|(local, domain)| {
            let dots = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
            !local.is_empty() && dots && !domain.contains('@')
        })
    }
}

impl TextKind for FileName {
    const LONGEST: usize = 255;
    const TRIMMED: bool = false;
}

impl TextKind for MediaType {
    const LONGEST: usize = 255;
    const TRIMMED: bool = false;
    const FORM: Option<&'static str> = Some("a media type of up to 255 characters, such as application/pdf");

    fn has_form(text: &str) -> bool {
        text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
            && text.split_once('/').is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty())
    }
}

impl TextKind for ContentUrl {
    const LONGEST: usize = 8_192;
    const TRIMMED: bool = false;
    const FORM: Option<&'static str> =
        Some("a URL of up to 8192 characters, with the scheme `https:` or `data:`");

    fn has_form(text: &str) -> bool {
        let parts = text.split_once(':').filter(|_| !text.chars().any(char::is_whitespace));
        parts.is_some_and(|(scheme, rest)| {
            let known = ["https", "data"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            known && !rest.is_empty()
        })
    }
}
