//! A request with its parsed document. The kind of the operation is known before the operation is executed.

use std::sync::Arc;

use async_graphql::{
    ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType},
};

use triptych_services::storable::storable;

use crate::{
    choice::{chosen, named},
    documents::{Documents, Key},
    limits::{self, Checked, Limits, Types, Variables},
    outcome::Outcome,
    request::{Request, RequestKind},
    subscription_root, typename,
};

/// An operation that can be executed.
pub struct Operation {
    kind: RequestKind,
    name: Option<String>,
    variables: Variables,
    document: Arc<ExecutableDocument>,
}

impl Operation {
    /// Parses the document, unless it is cached, and finds the operation in it.
    ///
    /// # Errors
    /// The response to a document that does not parse or does not have the operation.
    pub(crate) fn parse(
        request: Request,
        limits: &Limits,
        types: &Types,
        documents: &Documents,
    ) -> Result<Self, Outcome> {
        let Request { query, operation_name, variables, extensions: _ } = request;
        let key = Key { text: query, operation: operation_name };
        let cached = documents.get(&key);
        let document = match &cached {
            Some(document) => Arc::clone(document),
            None => Arc::new(document(&key, limits, types)?),
        };
        let variables = variables.unwrap_or_default();
        if !variables.iter().all(|(name, value)| !name.contains('\0') && storable(value)) {
            return Err(unstorable());
        }
        let name = key.operation.clone();
        let Some(operation) = named(&document, name.as_deref()) else {
            return Err(Outcome::refused_because("the document has no operation".to_owned()));
        };
        let missing = missing_variables(operation, &variables);
        if !missing.is_empty() {
            return Err(Outcome::refused(&missing));
        }
        let kind = kind(operation.ty);
        if cached.is_none() {
            documents.insert(key, Arc::clone(&document));
        }
        Ok(Self { kind, name, variables, document })
    }

    /// The kind of the operation.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// Checks and returns the size of the operation.
    ///
    /// # Errors
    /// The response to an operation that exceeds a limit.
    pub(crate) fn check(&self, limits: &Limits, types: &Types) -> Result<Checked, Outcome> {
        let Some(operation) = named(&self.document, self.name.as_deref()) else { return Ok(Checked::LIGHT) };
        check(limits, types, &self.document, operation, &self.variables)
    }

    pub(crate) fn into_request(self) -> async_graphql::Request {
        // The text is not needed beside the parsed document.
        let variables = async_graphql::Variables::from_json(self.variables.into());
        let mut request = async_graphql::Request::new("").variables(variables);
        if let Some(name) = self.name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(Arc::unwrap_or_clone(self.document));
        request
    }
}

/// Parses a document and normalizes it for its operation.
fn document(key: &Key, limits: &Limits, types: &Types) -> Result<ExecutableDocument, Outcome> {
    let query = key.text.as_str();
    limits::check_text(limits, query).map_err(|error| Outcome::refused(&[error]))?;
    let mut document =
        async_graphql::parser::parse_query(query).map_err(|error| Outcome::refused(&[unreadable(error)]))?;
    typename::normalize(&mut document);
    if query.contains('\0') || query.contains("\\u0000") {
        return Err(unstorable());
    }
    let name = key.operation.as_deref();
    let ty = chosen(&mut document, name).map_err(Outcome::refused_because)?.ty;
    if ty == OperationType::Subscription
        && let Some(operation) = named(&document, name)
    {
        // The normalization copies the directives of fragments to the fields in them.
        check(limits, types, &document, operation, &Variables::new())?;
        subscription_root::normalize(&mut document, name)
            .map_err(|message| Outcome::refused_because(message.to_owned()))?;
    }
    Ok(document)
}

/// Checks the size of an operation, with or without its variables.
fn check(
    limits: &Limits,
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Result<Checked, Outcome> {
    limits::check(limits, types, document, operation, variables).map_err(|error| Outcome::refused(&[error]))
}

/// No field that is stored accepts the character, so all requests with it are refused.
fn unstorable() -> Outcome {
    Outcome::refused_because("the request contains the character U+0000, which cannot be stored".to_owned())
}

/// The parser quotes the whole line, which may be the whole document. The position is in `locations`.
fn unreadable(error: async_graphql::parser::Error) -> ServerError {
    let mut error = ServerError::from(error);
    if let Some((_, reason)) = error.message.rsplit_once('\n').and_then(|(_, last)| last.split_once("= ")) {
        error.message = format!("syntax error: {reason}");
    }
    error
}

/// The library checks the types of values where they are used, but treats a missing variable as null.
fn missing_variables(operation: &OperationDefinition, variables: &Variables) -> Vec<ServerError> {
    let missing = operation.variable_definitions.iter().filter(|definition| {
        let variable = &definition.node;
        !variable.var_type.node.nullable
            && match variables.get(variable.name.node.as_str()) {
                Some(value) => value.is_null(),
                None => variable.default_value.is_none(),
            }
    });
    missing
        .map(|definition| {
            let (name, wanted) = (&definition.node.name.node, &definition.node.var_type.node);
            let message = format!("the variable `${name}` of type `{wanted}` has no value");
            ServerError::new(message, Some(definition.pos))
        })
        .collect()
}

fn kind(operation: OperationType) -> RequestKind {
    match operation {
        OperationType::Query => RequestKind::Query,
        OperationType::Mutation => RequestKind::Mutation,
        OperationType::Subscription => RequestKind::Subscription,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    const LIMITS: Limits = Limits {
        depth: 15,
        complexity: 1000,
        aliases: 10,
        directives: 10,
        tokens: 1000,
        nesting: 64,
        values: 1000,
    };

    const SDL: &str = "type Query { a(x: Int): Int b: Int } type Subscription { b: Int }";

    use super::*;

    fn parse(query: &str, variables: serde_json::Value) -> Result<RequestKind, String> {
        let request = serde_json::from_value(json!({ "query": query, "variables": variables })).unwrap();
        Operation::parse(request, &LIMITS, &Types::of(SDL).unwrap(), &Documents::new())
            .map(|operation| operation.kind())
            .map_err(|outcome| outcome.body)
    }

    #[test]
    fn a_required_variable_needs_a_value() {
        let query = "query($x: Int!) { a(x: $x) }";
        assert_eq!(parse(query, json!({ "x": 1 })), Ok(RequestKind::Query));
        assert!(parse(query, json!({})).unwrap_err().contains("`$x` of type `Int!`"));
        assert!(parse(query, json!({ "x": null })).is_err());
        assert!(parse("query($x: Int! = 1) { a(x: $x) }", json!({})).is_ok());
        assert!(parse("query($x: Int) { a(x: $x) }", json!({})).is_ok());
    }

    #[test]
    fn a_document_is_parsed_once() {
        let documents = Documents::new();
        let parse = |name: &str| {
            let query = "query A { a } subscription B { b }";
            let request = serde_json::from_value(json!({ "query": query, "operationName": name })).unwrap();
            let types = Types::of(SDL).unwrap();
            Operation::parse(request, &LIMITS, &types, &documents).map_err(|outcome| outcome.body).unwrap()
        };
        let (first, again, other) = (parse("A"), parse("A"), parse("B"));
        assert!(Arc::ptr_eq(&first.document, &again.document));
        assert_eq!((again.kind(), other.kind()), (RequestKind::Query, RequestKind::Subscription));
    }

    #[test]
    fn directives_of_a_subscription_are_counted_before_they_are_copied() {
        let directives = "@skip(if: false) ".repeat(12);
        let query = format!(
            "subscription {{ ...F {directives} }} fragment F on Subscription {{ {} }}",
            "b ".repeat(99)
        );
        assert!(parse(&query, json!({})).unwrap_err().contains("limit of directives"));
    }

    #[test]
    fn a_refused_request_has_no_data() {
        let body: serde_json::Value = serde_json::from_str(&parse("{", json!({})).unwrap_err()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        assert!(body.get("data").is_none());
        let long = parse(&format!("{{ a({}", "x ".repeat(400)), json!({})).unwrap_err();
        assert!(long.contains("syntax error: expected") && long.len() < 300, "{long}");
        assert!(parse("query A { a } query B { b }", json!({})).is_err());
    }
}
