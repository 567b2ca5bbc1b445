//! A request whose document has been parsed: what it asks for is known before anything runs, and nothing is parsed
//! twice.

use async_graphql::{
    Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};

use crate::{
    api::{Outcome, Request, RequestKind},
    subscription_root,
};

/// One operation, ready to be executed.
pub struct Operation {
    kind: RequestKind,
    query: String,
    name: Option<String>,
    variables: Variables,
    document: ExecutableDocument,
}

impl Operation {
    /// Parses the document and finds the operation in it.
    ///
    /// # Errors
    /// The answer to give instead: the document does not parse, or has no such operation.
    pub fn parse(request: Request) -> Result<Self, Outcome> {
        let Request { query, operation_name, variables, extensions: _ } = request;
        let mut document = async_graphql::parser::parse_query(&query)
            .map_err(|error| Outcome::refused(&[async_graphql::ServerError::from(error)]))?;
        let kind = match chosen(&mut document, operation_name.as_deref()) {
            Ok(operation) => kind(operation.ty),
            Err(message) => return Err(Outcome::refused_because(message)),
        };
        if kind == RequestKind::Subscription {
            subscription_root::normalize(&mut document, operation_name.as_deref())
                .map_err(|message| Outcome::refused_because(message.to_owned()))?;
        }
        let variables = Variables::from_json(serde_json::Value::Object(variables.unwrap_or_default()));
        Ok(Self { kind, query, name: operation_name, variables, document })
    }

    /// What it asks for.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    pub(crate) fn into_request(self) -> async_graphql::Request {
        let mut request = async_graphql::Request::new(self.query).variables(self.variables);
        if let Some(name) = self.name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(self.document);
        request
    }
}

fn kind(operation: OperationType) -> RequestKind {
    match operation {
        OperationType::Query => RequestKind::Query,
        OperationType::Mutation => RequestKind::Mutation,
        OperationType::Subscription => RequestKind::Subscription,
    }
}

/// The operation that a request means.
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
