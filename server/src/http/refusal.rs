//! Answers to what cannot be served: JSON in the shape of GraphQL errors, with a code of the one list.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use triptych_services::{
    error::{Code, Coded},
    mint::Mint,
};

/// A status, a code and a sentence.
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

    /// 400: the request is not what it should be.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    /// 413: more than a limit of the server's.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the body has more than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::LimitExceeded, message)
    }

    /// 405: `allow` are the methods that would do.
    pub(super) fn method(allow: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, message)
            .with(header::ALLOW, HeaderValue::from_static(allow))
    }

    /// 401: who the caller claims to be is not known.
    pub(super) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 503: try again.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message)
            .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// What a service refused. The cause of an internal error goes to the log, its id to the caller.
    pub(super) fn of(error: &dyn Coded, mint: &Mint) -> Self {
        let status = match error.code() {
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::BadUserInput => StatusCode::BAD_REQUEST,
            Code::Conflict => StatusCode::CONFLICT,
            Code::LimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::UpstreamFailed => StatusCode::BAD_GATEWAY,
            Code::Unavailable => {
                tracing::warn!(%error, "a database is away");
                return Self::unavailable("a database is away; try again");
            }
            Code::Internal => {
                let id = mint.uuid();
                tracing::error!(error.id = %id, cause = %error, "internal error");
                let message = "something went wrong on our side";
                let mut refusal = Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, message);
                refusal.extensions.push(("errorId", id.to_string().into()));
                return refusal;
            }
        };
        Self::new(status, error.code(), error.to_string())
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    /// `{ errors: [{ message extensions: { code } }] }`
    pub(super) fn body(&self) -> Value {
        let mut extensions = json!({ "code": self.code.as_str() });
        for (name, value) in &self.extensions {
            extensions[name] = value.clone();
        }
        json!({ "errors": [{ "message": self.message, "extensions": extensions }] })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Any path that leads nowhere.
pub(super) async fn no_such_page() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, Code::NotFound, "there is nothing at this address")
}
