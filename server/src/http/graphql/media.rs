//! Content negotiation.

use axum::http::{HeaderMap, StatusCode, header};
use triptych_services::error::Code;

use super::Refusal;

/// The media type of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphQl,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

impl MediaType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The type that the client prefers; `application/json` without a preference.
///
/// # Errors
/// 406 when it accepts neither.
pub(super) fn negotiate(headers: &HeaderMap) -> Result<MediaType, Refusal> {
    let mut best: Option<(MediaType, f32, u8)> = None;
    let mut any = false;
    for value in headers.get_all(header::ACCEPT) {
        let ranges = value.to_str().unwrap_or_default().split(',');
        for range in ranges.filter(|range| !range.trim().is_empty()) {
            any = true;
            if let Some(found) = accepted(range)
                && best.is_none_or(|(_, quality, specificity)| (found.1, found.2) > (quality, specificity))
            {
                best = Some(found);
            }
        }
    }
    match best {
        Some((media, ..)) => Ok(media),
        None if !any => Ok(MediaType::Json),
        None => Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::BadUserInput,
            "responses are application/graphql-response+json or application/json",
        )),
    }
}

/// The type that a media range selects, its quality and its specificity.
fn accepted(range: &str) -> Option<(MediaType, f32, u8)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let mut quality = 1.0;
    for parameter in parts {
        let (key, value) = parameter.split_once('=')?;
        match key.trim().to_ascii_lowercase().as_str() {
            "q" => quality = value.trim().parse().ok()?,
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    let (media, specificity) = match name.as_str() {
        "application/graphql-response+json" => (MediaType::GraphQl, 2),
        "application/json" => (MediaType::Json, 2),
        "application/*" => (MediaType::Json, 1),
        "*/*" => (MediaType::Json, 0),
        _ => return None,
    };
    (quality > 0.0).then_some((media, quality, specificity))
}

fn is_utf8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// Requires JSON: an HTML form of another site can send other types without a preflight request.
///
/// # Errors
/// 415.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let encoded = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if !encoded && text.is_some_and(is_utf8_json) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::BadUserInput,
        "the body must be application/json in UTF-8, without a content encoding",
    ))
}

/// Whether a content type is JSON in UTF-8, the only encoding of JSON.
fn is_utf8_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"))
        && parts
            .filter_map(|parameter| parameter.split_once('='))
            .all(|(name, value)| !name.trim().eq_ignore_ascii_case("charset") || is_utf8(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers).ok()
    }

    #[test]
    fn the_preferred_type_is_chosen() {
        assert_eq!(negotiate(&HeaderMap::new()).ok(), Some(MediaType::Json));
        assert_eq!(of("*/*"), Some(MediaType::Json));
        assert_eq!(of("application/json"), Some(MediaType::Json));
        assert_eq!(of("application/graphql-response+json"), Some(MediaType::GraphQl));
        assert_eq!(of("application/graphql-response+json, application/json"), Some(MediaType::GraphQl));
        assert_eq!(of("application/json;q=0.9, application/graphql-response+json"), Some(MediaType::GraphQl));
        assert_eq!(of("application/json, application/graphql-response+json;q=0.9"), Some(MediaType::Json));
        assert_eq!(of("text/html, */*;q=0.1"), Some(MediaType::Json));
        assert_eq!(of("application/json; charset=utf-8"), Some(MediaType::Json));
    }

    #[test]
    fn unsupported_types_are_refused() {
        assert_eq!(of("text/html"), None);
        assert_eq!(of("application/json;q=0"), None);
        assert_eq!(of("application/json; charset=latin1"), None);
    }

    #[test]
    fn only_json_is_accepted() {
        assert!(is_utf8_json("application/json"));
        assert!(is_utf8_json("Application/JSON; charset=\"UTF-8\""));
        assert!(!is_utf8_json("application/json; charset=utf-16"));
        assert!(!is_utf8_json("text/plain"));
        assert!(!is_utf8_json("application/jsonp"));
    }
}
