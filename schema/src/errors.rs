//! Errors of the API. A resolver fails with an [`ApiError`], which is created from any error that has a code. The client
//! gets the code, a message without internal details and, for invalid input, the fields. The cause of an internal error
//! is logged with an `errorId`, which the client gets.

use std::{fmt, sync::Arc};

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use triptych_services::{
    clock::Clock,
    error::{Code, Coded, INTERNAL, ServiceError, UNAVAILABLE},
};

/// The result of a resolver.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// The error of a resolver.
#[derive(Clone)]
pub struct ApiError(Arc<dyn Coded>);

impl ApiError {
    /// The caller is not signed in.
    pub(crate) fn signed_out() -> Self {
        ServiceError::Unauthenticated("sign in first").into()
    }

    /// No object in the scope of the caller has the id.
    pub(crate) fn not_found(kind: &'static str) -> Self {
        ServiceError::NotFound(kind).into()
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code()
    }
}

impl<E: Coded> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

// The library requires this to store the error as the source of its own.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Completes an error of the execution: its message, its code and other extensions.
pub(crate) fn present(error: &mut ServerError, clock: &Clock) {
    match error.source.take() {
        Some(source) => match source.downcast_ref::<ApiError>() {
            Some(known) => present_coded(error, &*known.0, clock),
            None => mask(error, &error.message.clone(), clock),
        },
        // An error of the library: a value does not match its type.
        None => refuse(error),
    }
}

/// Completes an error that was found before the execution, because the document is invalid.
pub(crate) fn refuse(error: &mut ServerError) {
    if !is_coded(error) {
        set_code(error, Code::BadUserInput);
    }
}

fn is_coded(error: &ServerError) -> bool {
    error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some())
}

pub(crate) fn set_code(error: &mut ServerError, code: Code) {
    set(error, "code", code.as_str());
}

fn present_coded(error: &mut ServerError, known: &dyn Coded, clock: &Clock) {
    let code = known.code();
    match code {
        Code::Internal => return mask(error, &known.to_string(), clock),
        Code::Unavailable => {
            tracing::warn!(error = %known, path = ?error.path, "database unavailable");
            UNAVAILABLE.clone_into(&mut error.message);
        }
        _ => error.message = known.to_string(),
    }
    set_code(error, code);
    if code == Code::BadUserInput {
        let fields = known.problems().iter().map(|problem| {
            let entry = [("path", &problem.path), ("message", &problem.message)];
            Value::Object(
                entry
                    .into_iter()
                    .map(|(name, text)| (async_graphql::Name::new(name), Value::from(text.as_str())))
                    .collect(),
            )
        });
        set(error, "fields", Value::List(fields.collect()));
    }
    for (name, value) in known.extensions() {
        set(error, name, Value::from_json(value).unwrap_or_default());
    }
}

/// Logs the cause with an id, and replaces it by the id.
fn mask(error: &mut ServerError, cause: &str, clock: &Clock) {
    let id = clock.new_uuid();
    tracing::error!(error.id = %id, cause, path = ?error.path, "internal error");
    INTERNAL.clone_into(&mut error.message);
    set_code(error, Code::Internal);
    set(error, "errorId", id.to_string());
}

fn set(error: &mut ServerError, name: &str, value: impl Into<Value>) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set(name, value);
}
