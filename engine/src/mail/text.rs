//! The texts of mails. Names come from users, so they stand in quotation marks and cannot be links.

use chrono::{DateTime, Utc};
use triptych_services::mail::Letter;

/// Characters of a name that are shown.
const NAME: usize = 60;

/// The subject and the text.
pub(super) fn of(letter: &Letter, page: &str) -> (String, String) {
    match letter {
        Letter::Invitation { organization, inviter, token, expires_at } => {
            let (organization, inviter) = (named(organization), named(inviter));
            let subject = format!("Invitation to {organization}");
            let body = format!(
                "{inviter} invites you to the organization {organization}. Join it here:\n\n{}\n\nThe link is valid \
                 until {}. If you do not know the sender, ignore this mail.\n",
                link(page, "invitation", token),
                time(*expires_at),
            );
            (subject, body)
        }
        Letter::SignUp { token, expires_at } => {
            let body = format!(
                "Create your account here:\n\n{}\n\nThe link is valid until {}. If you have not asked for an account, \
                 ignore this mail.\n",
                link(page, "confirm", token),
                time(*expires_at),
            );
            ("Confirm your address".to_owned(), body)
        }
        Letter::KnownAddress => {
            let body = format!(
                "Somebody asked for an account with your address, which has one already. If it was you, sign in \
                 here:\n\n{page}\n\nOtherwise, ignore this mail.\n"
            );
            ("You have an account already".to_owned(), body)
        }
        Letter::Reset { token, expires_at } => {
            let body = format!(
                "Choose another password here:\n\n{}\n\nThe link is valid until {}. If you have not asked for it, ignore \
                 this mail: your password stays as it is.\n",
                link(page, "reset", token),
                time(*expires_at),
            );
            ("Choose another password".to_owned(), body)
        }
    }
}

/// The token is the fragment, which no server logs.
fn link(page: &str, purpose: &str, token: &str) -> String {
    format!("{page}#{purpose}={token}")
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A name without what mail programs turn into links, or could begin another line.
fn named(name: &str) -> String {
    let harmless = |c: char| if c.is_control() || "/:.@<>\"".contains(c) { ' ' } else { c };
    let name: String = name.chars().map(harmless).take(NAME).collect();
    format!("“{}”", name.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_links_and_line_breaks() {
        assert_eq!(named("Analytical Engines"), "“Analytical Engines”");
        assert_eq!(named("Win!\r\nhttps://evil.example/x <b>"), "“Win! https evil example x b”");
        assert_eq!(named(&"x".repeat(200)).chars().count(), NAME + 2);
    }

    #[test]
    fn tokens_are_fragments() {
        let letter = Letter::Reset { token: "reset_abc".to_owned(), expires_at: DateTime::UNIX_EPOCH };
        let (_, body) = of(&letter, "https://app.example.com/");
        assert!(body.contains("https://app.example.com/#reset=reset_abc\n"), "{body}");
        assert!(body.contains("1970-01-01 00:00 UTC"), "{body}");
    }
}
