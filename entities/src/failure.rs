//! Why something failed.

use serde::{Deserialize, Serialize};

/// The longest message, in characters. The end of a longer one is cut.
const MESSAGE_LIMIT: usize = 2_000;

/// Why a step, an execution or a generation failed. The message may be shown to users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// Upper case with underscores: `HTTP_STATUS`.
    pub code: String,
    pub message: String,
}

impl Failure {
    /// A failure that every database can store: the character U+0000 is replaced, and a long message is cut.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let message = match message.char_indices().nth(MESSAGE_LIMIT) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message,
        };
        Self { code: clean(code.into()), message: clean(message) }
    }

    /// The failure that a row stores in two columns. `None` without a code.
    #[must_use]
    pub fn of(code: Option<&String>, message: Option<&String>) -> Option<Self> {
        Some(Self::new(code?, message.map(String::as_str).unwrap_or_default()))
    }
}

fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_stored_is_replaced_and_what_is_long_is_cut() {
        let failure = Failure::new("A", "there is no time zone `\0`");
        assert_eq!(failure.message, "there is no time zone `\u{FFFD}`");
        let failure = Failure::new("A", "ä".repeat(MESSAGE_LIMIT + 1));
        assert_eq!(failure.message.chars().count(), MESSAGE_LIMIT + 1);
        assert!(failure.message.ends_with('…'));
    }
}
