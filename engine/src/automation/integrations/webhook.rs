//! `webhook`: flows started by an HTTP request to their own address. The server receives it.

use serde_json::json;
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::Definition;

pub(super) fn definition() -> Definition {
    Definition {
        key: "webhook",
        name: "Webhook",
        description: "Starts a flow when a request arrives at the flow's own address.",
        credential: None,
        operations: vec![(received(), None)],
    }
}

fn received() -> Operation {
    Operation {
        key: "received",
        name: "Request received",
        description: "Starts the flow for each request to its address. With `/sync` behind the address, the \
                      caller waits for what the flow's `respond/reply` step answers.",
        kind: Kind::Trigger,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "secret": {
                    "type": "string",
                    "minLength": 8,
                    "maxLength": 255,
                    "description": "If set, requests without this value in the header `X-Webhook-Secret` are \
                                    refused.",
                    "examples": ["correct-horse-battery"]
                }
            }
        }),
        output: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["method", "headers", "query", "body"],
            "properties": {
                "method": { "type": "string", "examples": ["POST"] },
                "headers": {
                    "type": "object",
                    "additionalProperties": { "type": "string" },
                    "description": "Names in lower case.",
                    "examples": [{ "content-type": "application/json" }]
                },
                "query": { "type": "object", "description": "The parameters behind the `?`, as text." },
                "body": { "description": "Parsed if it is JSON or a form, otherwise text; null if empty." }
            }
        }),
    }
}
