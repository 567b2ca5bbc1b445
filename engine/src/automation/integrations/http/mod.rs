//! `http`: requests to any address that speaks HTTP.

mod answer;
mod credential;
mod request;
mod send;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::{CredentialKind, Operation};

use super::Definition;

/// The longest that a request may take, redirects and the answer's body included.
const LONGEST_SECONDS: u64 = 300;
const DEFAULT_SECONDS: u64 = 30;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

pub(super) fn definition() -> Definition {
    Definition {
        key: "http",
        name: "HTTP",
        description: "Sends requests to any address that speaks HTTP.",
        credential: Some(CredentialKind {
            description: "What identifies you to the other side. Not sent on if it redirects to another host.",
            fields: credential::schema(),
            required: false,
        }),
        operations: vec![(request(), Some(Arc::new(request::Request)))],
    }
}

fn request() -> Operation {
    Operation {
        key: "request",
        name: "Send a request",
        description: "Sends a request and waits for the answer. Follows up to 5 redirects. Every attempt carries \
                      the same `Idempotency-Key` header. A status from 400 on fails the step, and is tried again \
                      for 408, 425, 429 and 5xx.",
        kind: Kind::Action,
        parameters: parameters(),
        output: output(),
    }
}

fn parameters() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["url"],
        "not": { "required": ["json", "body"] },
        "properties": {
            "method": { "type": "string", "enum": METHODS, "default": "GET", "description": "The method." },
            "url": {
                "type": "string",
                "minLength": 8,
                "maxLength": 8192,
                "description": "The address: `http` or `https`.",
                "examples": ["https://example.com/orders?state=open"]
            },
            "headers": {
                "type": "object",
                "additionalProperties": { "type": ["string", "number", "boolean"] },
                "default": {},
                "description": "Headers of the request.",
                "examples": [{ "accept": "application/json" }]
            },
            "query": {
                "type": "object",
                "additionalProperties": {
                    "type": ["string", "number", "boolean", "null", "array"],
                    "items": { "type": ["string", "number", "boolean"] }
                },
                "default": {},
                "description": "Added to the address. A list is repeated, null left out.",
                "examples": [{ "page": 2, "tag": ["a", "b"] }]
            },
            "json": {
                "description": "The body, sent as JSON. Not together with `body`.",
                "examples": [{ "name": "{{ trigger.body.name }}" }]
            },
            "body": {
                "type": "string",
                "description": "The body, sent as it is; plain text unless `headers` has a `content-type`.",
                "examples": ["a=1&b=2"]
            },
            "timeoutSeconds": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": LONGEST_SECONDS,
                "default": DEFAULT_SECONDS,
                "description": "How long the whole exchange may take, in seconds."
            },
            "failOnError": {
                "type": "boolean",
                "default": true,
                "description": "Whether a status from 400 on fails the step. If not, the answer is the output."
            }
        }
    })
}

fn output() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["status", "headers", "body"],
        "properties": {
            "status": { "type": "integer", "examples": [200] },
            "headers": {
                "type": "object",
                "additionalProperties": { "type": "string" },
                "description": "Names in lower case; several values are joined by a comma.",
                "examples": [{ "content-type": "application/json" }]
            },
            "body": {
                "description": "Parsed if it is JSON, otherwise text; null if empty. At most 5 MiB.",
                "examples": [{ "id": 7 }]
            },
            "encoding": {
                "type": "string",
                "enum": ["base64"],
                "description": "Present if the body is not text: it is then the bytes as base64."
            }
        }
    })
}
