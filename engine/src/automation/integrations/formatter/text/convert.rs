//! Transforms between encodings and markup.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use pulldown_cmark::{Event, Options, Parser, html::push_html};
use serde_json::Value;

use triptych_services::storable::storable;

use super::super::super::pattern::Trouble;

/// All characters except the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn url_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

pub(super) fn url_decode(text: &str) -> Result<String, String> {
    readable(percent_decode_str(text).collect())
}

pub(super) fn base64_encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// Decodes the standard and the URL-safe alphabet, with or without padding.
pub(super) fn base64_decode(text: &str) -> Result<String, String> {
    let bare: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    let bare = bare.trim_end_matches('=').replace('+', "-").replace('/', "_");
    readable(URL_SAFE_NO_PAD.decode(bare).map_err(|error| format!("not base64: {error}"))?)
}

fn readable(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| "the decoded bytes are not text".to_owned())
}

/// The longest markup, in bytes. Parsers may look at the rest of the text again for each tag.
const MARKUP_LIMIT: usize = 32_768;

fn markup(text: &str) -> Result<(), Trouble> {
    if text.len() > MARKUP_LIMIT {
        return Err(Trouble::TooMuch(format!("the markup is larger than {MARKUP_LIMIT} bytes")));
    }
    Ok(())
}

pub(super) fn html_to_text(text: &str) -> Result<String, Trouble> {
    markup(text)?;
    Ok(nanohtml2text::html2text(text))
}

/// Converts `CommonMark` with tables and strikethrough to HTML. HTML in the input is escaped.
pub(super) fn markdown_to_html(text: &str) -> Result<String, Trouble> {
    markup(text)?;
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events = parser.map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    });
    let mut html = String::new();
    push_html(&mut html, events);
    Ok(html)
}

pub(super) fn parse_json(text: &str) -> Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    if storable(&value) { Ok(value) } else { Err("it contains the character U+0000".to_owned()) }
}
