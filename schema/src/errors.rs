//! Errors as clients see them. Resolvers pass service errors on with `?`; here, in one place, each becomes a code,
//! a safe sentence and, for bad input, the fields. Whatever is not meant for the client goes to the log under an
//! `errorId`, and the client gets the id.

use std::{any::Any, sync::Arc};

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use triptych_entities::ids::IdError;
use triptych_services::{
    automation::{credentials::CredentialError, executions::ExecutionError, flows::FlowError},
    conversations::{generations::GenerationError, threads::ThreadError},
    error::{Code, Coded, Denied, Invalid, StoreError},
    identity::IdentityError,
    mint::Mint,
};

/// A field that only those who are signed in can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedOut;

impl std::fmt::Display for SignedOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sign in first")
    }
}

impl std::error::Error for SignedOut {}

impl Coded for SignedOut {
    fn code(&self) -> Code {
        Code::Unauthenticated
    }
}

/// An id that names nothing the caller can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchNode;

impl std::fmt::Display for NoSuchNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not found")
    }
}

impl std::error::Error for NoSuchNode {}

impl Coded for NoSuchNode {
    fn code(&self) -> Code {
        Code::NotFound
    }
}

/// Gives an error that execution produced its code.
pub(crate) fn present(error: &mut ServerError, mint: &Mint) {
    if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
        return;
    }
    match error.source.take() {
        Some(source) => present_source(error, &source, mint),
        // The library's own: a document that cannot be parsed, validated or executed as it is.
        None => refuse(error),
    }
}

/// Tries each kind of error that a resolver may pass on, plain or shared by a loader.
macro_rules! present_as {
    ($error:ident, $source:ident, $mint:ident: $($type:ty),+ $(,)?) => {$(
        if let Some(known) = $source.downcast_ref::<$type>() {
            return present_coded($error, known, $mint);
        }
        if let Some(known) = $source.downcast_ref::<Arc<$type>>() {
            return present_coded($error, known.as_ref(), $mint);
        }
    )+};
}

/// Gives an error that was found before execution its code.
pub(crate) fn refuse(error: &mut ServerError) {
    if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
        return;
    }
    let limits = ["too deep", "too complex", "cannot be greater than", "recursion limit", "stack limit"];
    let code = if limits.iter().any(|limit| error.message.contains(limit)) {
        Code::LimitExceeded
    } else {
        Code::BadUserInput
    };
    set_code(error, code);
}

pub(crate) fn set_code(error: &mut ServerError, code: Code) {
    set(error, "code", code.as_str());
}

fn present_source(error: &mut ServerError, source: &Arc<dyn Any + Send + Sync>, mint: &Mint) {
    if let Some(id) = source.downcast_ref::<IdError>() {
        return present_coded(error, &Invalid::one("id", id.to_string()), mint);
    }
    present_as!(error, source, mint:
        Invalid, Denied, SignedOut, NoSuchNode, StoreError,
        IdentityError, FlowError, ExecutionError, CredentialError, ThreadError, GenerationError,
    );
    mask(error, &error.message.clone(), mint);
}

fn present_coded(error: &mut ServerError, known: &dyn Coded, mint: &Mint) {
    let code = known.code();
    match code {
        Code::Internal => return mask(error, &known.to_string(), mint),
        Code::Unavailable => {
            tracing::warn!(error = %known, "a database is away");
            "a database is away; try again".clone_into(&mut error.message);
        }
        _ => error.message = known.to_string(),
    }
    set(error, "code", code.as_str());
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

/// The log gets the cause, the client an id to ask about.
fn mask(error: &mut ServerError, cause: &str, mint: &Mint) {
    let id = mint.uuid();
    tracing::error!(error.id = %id, cause, path = ?error.path, "internal error");
    "something went wrong on our side".clone_into(&mut error.message);
    set(error, "code", Code::Internal.as_str());
    set(error, "errorId", id.to_string());
}

fn set(error: &mut ServerError, name: &str, value: impl Into<Value>) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set(name, value);
}
