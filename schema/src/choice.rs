//! The operation of a document that a request selects with `operationName`.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};

/// The selected operation of a document that [`chosen`] has accepted.
pub(crate) fn named<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(named), None) => named.values().next().map(|operation| &operation.node),
        (DocumentOperations::Multiple(named), Some(name)) => named.get(name).map(|operation| &operation.node),
    }
}

/// The selected operation.
pub(crate) fn chosen<'a>(
    document: &'a mut ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a mut OperationDefinition, String> {
    match (&mut document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&mut operation.node),
        (DocumentOperations::Multiple(named), None) if named.len() > 1 => {
            Err("the document has several operations: name one with `operationName`".to_owned())
        }
        (DocumentOperations::Multiple(named), None) => named
            .values_mut()
            .next()
            .map(|operation| &mut operation.node)
            .ok_or_else(|| "the document has no operation".to_owned()),
        (DocumentOperations::Multiple(named), Some(name)) => named
            .get_mut(name)
            .map(|operation| &mut operation.node)
            .ok_or_else(|| format!("the document has no operation named `{name}`")),
        (DocumentOperations::Single(_), Some(name)) => {
            Err(format!("the document has no operation named `{name}`"))
        }
    }
}
