//! Validates the content of messages and converts it into parts.

use serde_json::Value;
use triptych_entities::documents::conversations::part::Part;

use crate::input::{ContentUrl, FileName, MediaType, Problems};

/// Maximum length of a message, in characters.
pub const MAX_TEXT: usize = 200_000;
const MAX_PARTS: usize = 64;
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

/// Converts the content of a message into parts. `None` if there are problems.
pub(super) fn parse(text: Option<String>, parts: Vec<NewPart>, problems: &mut Problems) -> Option<Vec<Part>> {
    let text = text.filter(|text| !text.trim().is_empty());
    if text.is_none() && parts.is_empty() {
        problems.add("text", "either `text` or `parts` is required");
        return None;
    }
    if parts.len() > MAX_PARTS {
        problems.add("parts", format!("must have at most {MAX_PARTS} items"));
        return None;
    }
    let limited = if text.is_some() { "text" } else { "parts" };
    let first = text.map(|text| Some(Part::Text { id: "0".to_owned(), text }));
    let offset = usize::from(first.is_some());
    let others = parts.into_iter().enumerate();
    let others = others.map(|(n, part)| part.parse((n + offset).to_string(), n, problems));
    let parsed: Vec<Option<Part>> = first.into_iter().chain(others).collect();
    if parsed.iter().flatten().map(length).sum::<usize>() > MAX_TEXT {
        problems.add(limited, format!("must have at most {MAX_TEXT} characters, with all parts"));
    }
    parsed.into_iter().collect()
}

impl NewPart {
    /// `index` is the position in the input, `id` that in the message. `None` if there are problems.
    fn parse(self, id: String, index: usize, problems: &mut Problems) -> Option<Part> {
        let at = |field: &str| format!("parts.{index}.{field}");
        match self {
            Self::Text { text } => Some(Part::Text { id, text }),
            Self::Data { data } => Some(Part::Data { id, data }),
            Self::File { name, media_type, url } => {
                let name = problems.parsed(at("file.name"), FileName::parse(&name));
                let media_type = problems.parsed(at("file.mediaType"), MediaType::parse(&media_type));
                let url = problems.parsed(at("file.url"), ContentUrl::parse(&url));
                Some(Part::File {
                    id,
                    name: name?.into_string(),
                    media_type: media_type?.into_string(),
                    url: url?.into_string(),
                })
            }
            Self::Image { media_type, url, alt } => {
                let media_type = problems.parsed(at("image.mediaType"), MediaType::parse(&media_type));
                let url = problems.parsed(at("image.url"), ContentUrl::parse(&url));
                Some(Part::Image { id, media_type: media_type?.into_string(), url: url?.into_string(), alt })
            }
        }
    }
}

/// The length that counts towards [`MAX_TEXT`], in characters.
fn length(part: &Part) -> usize {
    match part {
        Part::Text { text, .. } => text.chars().count(),
        Part::Data { data, .. } => data.to_string().chars().count(),
        Part::Image { alt, .. } => alt.as_deref().map_or(0, |alt| alt.chars().count()),
        _ => 0,
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
    use triptych_stores::error::Invalid;

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

    fn problems_of(text: Option<String>, parts: Vec<NewPart>) -> Vec<String> {
        let mut problems = Problems::default();
        let parsed = parse(text, parts, &mut problems);
        let Err(Invalid(problems)) = problems.check() else {
            assert!(parsed.is_some(), "without problems there are parts");
            return Vec::new();
        };
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn an_empty_or_long_message_is_refused() {
        assert_eq!(problems_of(Some("  ".to_owned()), Vec::new()), ["text"]);
        assert_eq!(problems_of(Some("x".repeat(MAX_TEXT + 1)), Vec::new()), ["text"]);
        assert!(problems_of(Some("é".repeat(MAX_TEXT)), Vec::new()).is_empty());
        let data = |length: usize| vec![NewPart::Data { data: Value::String("é".repeat(length)) }];
        assert!(problems_of(None, data(MAX_TEXT - 2)).is_empty());
        assert_eq!(problems_of(None, data(MAX_TEXT - 1)), ["parts"]);
        assert_eq!(problems_of(None, vec![NewPart::Text { text: "a".to_owned() }; MAX_PARTS + 1]), ["parts"]);
    }

    #[test]
    fn ids_count_the_text_and_paths_do_not() {
        let mut problems = Problems::default();
        let part = NewPart::Text { text: "b".to_owned() };
        let parts = parse(Some("a".to_owned()), vec![part], &mut problems).unwrap();
        assert_eq!(parts.iter().map(Part::id).collect::<Vec<_>>(), ["0", "1"]);
        let file =
            NewPart::File { name: String::new(), media_type: "text".to_owned(), url: "ftp:x".to_owned() };
        let expected = ["parts.0.file.name", "parts.0.file.mediaType", "parts.0.file.url"];
        assert_eq!(problems_of(Some("a".to_owned()), vec![file]), expected);
    }
}
