//! Responses to requests that are not served: JSON in the shape of GraphQL errors, with a code of the one list.

use std::fmt;

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use triptych_schema::Outcome;
use triptych_services::{
    clock::Clock,
    error::{Code, Coded, INTERNAL, UNAVAILABLE},
};

/// A status, a code and a message.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: Code,
    message: String,
    extensions: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), extensions: Vec::new(), headers: Vec::new() }
    }

    /// 400: the request is malformed.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    /// 413: the body is larger than `http.body_limit`.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body has more than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message)
    }

    /// 405, with the allowed methods.
    pub(super) fn method(allow: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, message)
            .with(header::ALLOW, HeaderValue::from_static(allow))
    }

    /// 401: the credentials are not valid.
    pub(super) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 503: the client can try again.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
            .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 500: the cause is logged under an `errorId`, and the client gets that id only.
    pub(super) fn internal(cause: impl fmt::Display, clock: &Clock) -> Self {
        let id = clock.new_uuid();
        tracing::error!(error.id = %id, %cause, "internal error");
        let mut refusal = Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, INTERNAL);
        refusal.extensions.push(("errorId", id.to_string().into()));
        refusal
    }

    /// The response to an error of a service. The only place that decides which details a client gets.
    pub(super) fn of(error: &dyn Coded, clock: &Clock) -> Self {
        match error.code() {
            Code::Internal => Self::internal(error, clock),
            Code::Unavailable => {
                tracing::warn!(%error, "database unavailable");
                Self::unavailable(UNAVAILABLE)
            }
            code => {
                let mut refusal = Self::new(status(code), code, error.to_string());
                if code == Code::BadUserInput {
                    let field = |problem: &triptych_services::error::Problem| json!({ "path": problem.path, "message": problem.message });
                    refusal.extensions.push(("fields", error.problems().iter().map(field).collect()));
                }
                refusal.extensions.extend(error.extensions());
                refusal
            }
        }
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    /// The refusal of one operation of several.
    pub(super) fn outcome(&self) -> Outcome {
        let errors = self.errors().to_string();
        Outcome { body: format!(r#"{{"errors":{errors}}}"#), errors, executed: false, headers: Vec::new() }
    }

    /// `[{ message extensions: { code } }]`
    pub(super) fn errors(&self) -> Value {
        let mut extensions = json!({ "code": self.code.as_str() });
        for (name, value) in &self.extensions {
            extensions[name] = value.clone();
        }
        json!([{ "message": self.message, "extensions": extensions }])
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::BadUserInput => StatusCode::BAD_REQUEST,
        Code::Conflict => StatusCode::CONFLICT,
        // Quotas: what is too large is refused by `too_large`.
        Code::LimitExceeded | Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::UpstreamFailed => StatusCode::BAD_GATEWAY,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "errors": self.errors() });
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// The response to an unknown path.
pub(super) async fn no_such_page() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "there is no resource at this address")
}

#[cfg(test)]
mod tests {
    use triptych_services::error::{Invalid, StoreError};

    use super::*;

    fn extensions(refusal: &Refusal) -> Value {
        refusal.errors()[0]["extensions"].clone()
    }

    #[test]
    fn an_internal_error_shows_its_id_and_nothing_else() {
        let refusal = Refusal::of(&StoreError::Corrupt("s3cret".to_owned()), &Clock::system());
        assert_eq!(refusal.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!refusal.errors().to_string().contains("s3cret"));
        assert_eq!(extensions(&refusal)["code"], "INTERNAL");
        assert!(extensions(&refusal)["errorId"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    }

    #[test]
    fn an_unavailable_database_is_not_named() {
        let refusal = Refusal::of(&StoreError::Timeout("MongoDB"), &Clock::system());
        assert_eq!(refusal.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!refusal.errors().to_string().contains("MongoDB"));
    }

    #[test]
    fn invalid_input_has_fields() {
        let refusal = Refusal::of(&Invalid::one("data", "is too large"), &Clock::system());
        let expected =
            json!({ "code": "BAD_USER_INPUT", "fields": [{ "path": "data", "message": "is too large" }] });
        assert_eq!((refusal.status, extensions(&refusal)), (StatusCode::BAD_REQUEST, expected));
    }
}
