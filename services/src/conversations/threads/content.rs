//! Validates the content of messages and converts it into parts.

use serde_json::Value;
use triptych_entities::documents::conversations::part::Part;
use triptych_stores::error::{Invalid, Problem};

/// Maximum length of a message, in characters.
pub const MAX_TEXT: usize = 200_000;
const MAX_PARTS: usize = 64;
const MAX_URL: usize = 8_192;
const MAX_NAME: usize = 255;
/// Length to which derived titles are cut, in characters.
const TITLE: usize = 60;

/// A part of a message in the input.
#[derive(Debug, Clone, PartialEq)]
pub enum NewPart {
    Text { text: String },
    File { name: String, media_type: String, url: String },
    Image { media_type: String, url: String, alt: Option<String> },
    Data { data: Value },
}

/// # Errors
/// All problems with the text and the parts.
pub(super) fn check(text: Option<String>, parts: Vec<NewPart>) -> Result<Vec<Part>, Invalid> {
    let mut problems = Vec::new();
    let mut length = 0;
    let text = text.filter(|text| !text.trim().is_empty());
    if text.is_none() && parts.is_empty() {
        problems.push(Problem::new("text", "either `text` or `parts` is required"));
    }
    if parts.len() > MAX_PARTS {
        problems.push(Problem::new("parts", format!("at most {MAX_PARTS} parts")));
    }
    let given = text.map(|text| NewPart::Text { text }).into_iter().chain(parts);
    let mut made = Vec::new();
    for (n, part) in given.enumerate() {
        length += check_part(n, &part, &mut problems);
        made.push(into_part(n, part));
    }
    if length > MAX_TEXT {
        problems.push(Problem::new("text", format!("at most {MAX_TEXT} characters in all")));
    }
    Invalid::check(problems)?;
    Ok(made)
}

/// Validates a part and returns its length in characters.
fn check_part(n: usize, part: &NewPart, problems: &mut Vec<Problem>) -> usize {
    let mut limit = |field: &str, value: &str, most: usize| {
        if value.is_empty() || value.chars().count() > most {
            let message = format!("must have between 1 and {most} characters");
            problems.push(Problem::new(format!("parts.{n}.{field}"), message));
        }
    };
    match part {
        NewPart::Text { text } => text.chars().count(),
        NewPart::Data { data } => data.to_string().len(),
        NewPart::File { name, media_type, url } => {
            limit("name", name, MAX_NAME);
            limit("mediaType", media_type, MAX_NAME);
            limit("url", url, MAX_URL);
            0
        }
        NewPart::Image { media_type, url, alt } => {
            limit("mediaType", media_type, MAX_NAME);
            limit("url", url, MAX_URL);
            alt.as_deref().map_or(0, |alt| alt.chars().count())
        }
    }
}

fn into_part(n: usize, part: NewPart) -> Part {
    let id = n.to_string();
    match part {
        NewPart::Text { text } => Part::Text { id, text },
        NewPart::File { name, media_type, url } => Part::File { id, name, media_type, url },
        NewPart::Image { media_type, url, alt } => Part::Image { id, media_type, url, alt },
        NewPart::Data { data } => Part::Data { id, data },
    }
}

/// Derives a title from the first words of a message, for threads without a title.
pub(super) fn title_from(parts: &[Part]) -> String {
    let text = Part::text_of(parts);
    let mut title = String::new();
    for word in text.split_whitespace() {
        let room = TITLE.saturating_sub(title.chars().count());
        if title.is_empty() {
            title.extend(word.chars().take(TITLE));
        } else if word.chars().count() < room {
            title.push(' ');
            title.push_str(word);
        } else {
            title.push('…');
            break;
        }
    }
    if title.is_empty() { "New thread".to_owned() } else { title }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_words() {
        let part = |text: &str| vec![Part::Text { id: "0".to_owned(), text: text.to_owned() }];
        assert_eq!(title_from(&part("  Hello,\n world ")), "Hello, world");
        assert_eq!(title_from(&[]), "New thread");
        let long = title_from(&part(&"word ".repeat(50)));
        assert!(long.ends_with('…') && long.chars().count() <= TITLE + 1, "{long}");
        assert_eq!(title_from(&part(&"x".repeat(500))).chars().count(), TITLE);
    }

    #[test]
    fn an_empty_message_is_refused() {
        assert!(check(Some("  ".to_owned()), Vec::new()).is_err());
        assert!(check(Some("x".repeat(MAX_TEXT + 1)), Vec::new()).is_err());
        assert!(check(Some("é".repeat(MAX_TEXT)), Vec::new()).is_ok());
    }
}
