//! Outcomes of operations as an HTTP response.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use triptych_schema::Outcome;

use super::media::MediaType;

/// The outcomes of one request.
pub(super) enum Answers {
    One(Outcome),
    Batch(Vec<Outcome>),
}

impl Answers {
    fn outcomes(&self) -> &[Outcome] {
        match self {
            Self::One(outcome) => std::slice::from_ref(outcome),
            Self::Batch(outcomes) => outcomes,
        }
    }

    /// Whether an operation sets a cookie: it signed in or out.
    pub(super) fn sets_cookie(&self) -> bool {
        let mut headers = self.outcomes().iter().flat_map(|outcome| &outcome.headers);
        headers.any(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
    }

    pub(super) fn set_cookie(&mut self, cookie: String) {
        let first = match self {
            Self::One(outcome) => Some(outcome),
            Self::Batch(outcomes) => outcomes.first_mut(),
        };
        if let Some(outcome) = first {
            outcome.headers.push(("set-cookie".to_owned(), cookie));
        }
    }

    /// 400 when nothing was executed and the media type defines that status.
    fn status(&self, media: MediaType) -> StatusCode {
        match self {
            Self::One(outcome) if !outcome.executed && media == MediaType::GraphQl => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    pub(super) fn into_response(self, media: MediaType) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status(media);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.name()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.outcomes().iter().flat_map(|outcome| &outcome.headers) {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
        *response.body_mut() = Body::from(self.into_text());
        response
    }

    fn into_text(self) -> String {
        match self {
            Self::One(outcome) => outcome.body,
            Self::Batch(outcomes) => {
                let bodies: Vec<&str> = outcomes.iter().map(|outcome| outcome.body.as_str()).collect();
                format!("[{}]", bodies.join(","))
            }
        }
    }
}
