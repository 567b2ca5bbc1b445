//! Limits of the size of documents. The size is measured on the parsed document before validation, in one pass with one
//! result per fragment, so that the cost is linear in the length of the document, not in its expanded size.

mod extents;
mod json;
mod measure;
mod tokens;
mod types;
mod values;

use async_graphql::{
    ServerError,
    parser::types::{ExecutableDocument, OperationDefinition},
};
use triptych_services::error::Code;

pub(crate) use types::Types;
pub(crate) use values::Variables;

use crate::errors;

/// Limits of a document and its operation.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nested selections.
    pub depth: usize,
    /// Fields, each multiplied by the items of the lists that contain it.
    pub complexity: usize,
    pub aliases: usize,
    pub directives: usize,
    /// Tokens of a document.
    pub tokens: usize,
    /// Nested brackets of a document: selections, arguments and values.
    pub nesting: usize,
    /// Values of a request, and values of the arguments of its operation with variables filled in.
    pub values: usize,
}

/// Selections that the validation of a document may visit. A document of the maximum number of tokens without fragments
/// has fewer.
const SELECTIONS: usize = 40_000;

/// Checks the text of a document, before it is parsed.
///
/// # Errors
/// The limit that it exceeds, as `LIMIT_EXCEEDED`.
pub(crate) fn check_text(limits: &Limits, document: &str) -> Result<(), ServerError> {
    match tokens::excess(document, limits.tokens, limits.nesting) {
        None => Ok(()),
        Some(tokens::Excess::Tokens) => {
            Err(limit_exceeded(format!("the document has more than {} tokens", limits.tokens)))
        }
        Some(tokens::Excess::Nesting) => {
            Err(limit_exceeded(format!("the document has more than {} nested brackets", limits.nesting)))
        }
        Some(tokens::Excess::Name) => {
            Err(limit_exceeded(format!("the document has a name of more than {} characters", tokens::NAME)))
        }
    }
}

/// Checks the text of a request, before it is parsed.
///
/// # Errors
/// `LIMIT_EXCEEDED` if it has too many values.
pub(crate) fn check_json(limits: &Limits, text: &[u8]) -> Result<(), ServerError> {
    if json::has_more_values(text, limits.values) {
        return Err(limit_exceeded(format!("the request has more than {} values", limits.values)));
    }
    Ok(())
}

/// The time that an operation takes before it waits for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// At most about a millisecond.
    Light,
    Heavy,
}

/// What is known of an operation that exceeds no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) weight: Weight,
    /// Whether it hashes a password.
    pub(crate) hashes_password: bool,
}

impl Checked {
    pub(crate) const LIGHT: Self = Self { weight: Weight::Light, hashes_password: false };
}

/// Selections and fields of introspection of a light operation.
const LIGHT: usize = 1_000;
/// Values of the arguments of a light operation.
const LIGHT_VALUES: usize = 10_000;

/// Checks an operation.
///
/// # Errors
/// The limit that it exceeds, as `LIMIT_EXCEEDED`; a fragment that includes itself; disabled introspection.
pub(crate) fn check(
    limits: &Limits,
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<Checked, ServerError> {
    let document = measure::measure(types, document, operation, variables).ok_or_else(cycle)?;
    let size = document.operation;
    if size.schema > 0 && types.introspection() == 0 {
        let mut error = ServerError::new("introspection is disabled", None);
        errors::set_code(&mut error, Code::BadUserInput);
        return Err(error);
    }
    let exceeded = [
        ("depth", "levels of nested selections", size.depth, limits.depth),
        ("complexity", "fields, each counted for every item of its list", size.fields, limits.complexity),
        ("aliases", "aliases", size.aliases, limits.aliases),
        ("directives", "directives", size.directives, limits.directives),
        ("introspection", "nested lists of introspection", size.introspection, measure::INTROSPECTION_LISTS),
        ("introspection", "fields of introspection", size.schema, types.introspection()),
        (
            "selections",
            "selections, each counted wherever its fragment is used",
            document.selections,
            SELECTIONS,
        ),
        ("passwords", "fields that check a password, such as `signIn`", size.passwords, 1),
        ("values", "values of arguments, with variables filled in", document.values, limits.values),
    ];
    if let Some((name, unit, found, limit)) = exceeded.into_iter().find(|(_, _, found, limit)| found > limit)
    {
        let found = if found == usize::MAX { "too many".to_owned() } else { found.to_string() };
        let message = format!("the operation exceeds the limit of {name}: {found} {unit}, at most {limit}");
        return Err(limit_exceeded(message));
    }
    let heavy = document.selections > LIGHT || size.schema > LIGHT || document.values > LIGHT_VALUES;
    let weight = if heavy { Weight::Heavy } else { Weight::Light };
    Ok(Checked { weight, hashes_password: size.passwords > 0 })
}

fn cycle() -> ServerError {
    limit_exceeded("a fragment includes itself, directly or through another".to_owned())
}

fn limit_exceeded(message: String) -> ServerError {
    let mut error = ServerError::new(message, None);
    errors::set_code(&mut error, Code::LimitExceeded);
    error
}
