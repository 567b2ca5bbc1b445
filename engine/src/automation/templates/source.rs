//! Distinguishes templates from plain text, and expressions from the text around them.

use std::sync::LazyLock;

use regex::Regex;

static CATCHES: LazyLock<Regex> =
    LazyLock::new(|| constant(r"\|\s*(default|d)\b|\bis\s+(not\s+)?(un)?defined\b"));
static SUBSCRIPT: LazyLock<Regex> =
    LazyLock::new(|| constant(r#"\bsteps\s*\[\s*(?:"([^"]+)"|'([^']+)')\s*\]"#));
static FILTER: LazyLock<Regex> = LazyLock::new(|| constant(r"\|\s*([A-Za-z_][A-Za-z0-9_]*)"));

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests use each")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern is valid")
}

/// Whether a string is a template.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Whether a template catches missing values itself.
pub(super) fn catches_missing(source: &str) -> bool {
    CATCHES.is_match(source)
}

/// The inside of `{{ … }}`, if the text starts and ends like one. `{{ a }}{{ b }}` does too: only the parser can tell
/// whether the inside is one expression.
pub(super) fn inside(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let inside = inside.strip_prefix('-').unwrap_or(inside);
    Some(inside.strip_suffix('-').unwrap_or(inside))
}

/// The code of a template without its string literals: the content of `{{ }}` and `{% %}`, in order.
pub(super) fn code(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(start) = next_opening(rest) {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let body = &rest[start + 2..];
        let (bare, length) = without_strings(body, Some(close));
        spans.push(bare);
        rest = &body[length..];
    }
    spans
}

fn next_opening(text: &str) -> Option<usize> {
    // One search for both, as a search for the one that is absent looks at the whole rest.
    let opens = |at: &usize| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%'));
    text.match_indices('{').map(|(at, _)| at).find(opens)
}

/// The longest code between braces, in bytes without the content of its texts. The parser makes a tree of it that is as
/// deep as it has operators, and recursive calls walk that tree.
pub(super) const CODE_LIMIT: usize = 2_048;

/// Whether a part of a template is longer than [`CODE_LIMIT`].
pub(super) fn is_too_long(text: &str) -> bool {
    text.len() > CODE_LIMIT && code(text).iter().any(|span| span.len() > CODE_LIMIT)
}

/// As [`is_too_long`], for code without braces.
pub(super) fn is_code_too_long(text: &str) -> bool {
    text.len() > CODE_LIMIT && without_strings(text, None).0.len() > CODE_LIMIT
}

/// The text up to `close`, with every string literal emptied, and how much of the input that was.
pub(super) fn without_strings(text: &str, close: Option<&str>) -> (String, usize) {
    let mut bare = String::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => {
                quote = None;
                bare.push(character);
            }
            Some(_) => {}
            None if close.is_some_and(|close| text[at..].starts_with(close)) => return (bare, at),
            None => {
                if matches!(character, '"' | '\'') {
                    quote = Some(character);
                }
                bare.push(character);
            }
        }
    }
    (bare, text.len())
}

/// The step keys in `steps["key"]`, which the parser does not report.
pub(super) fn subscripted_steps(source: &str) -> Vec<String> {
    SUBSCRIPT
        .captures_iter(source)
        .filter_map(|found| found.get(1).or_else(|| found.get(2)))
        .map(|key| key.as_str().to_owned())
        .collect()
}

/// The filters that a piece of code (without string literals) calls.
pub(super) fn called_filters(code: &str) -> Vec<&str> {
    FILTER.captures_iter(code).filter_map(|found| found.get(1)).map(|name| name.as_str()).collect()
}
