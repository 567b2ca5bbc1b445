//! `respond`: what the caller of a synchronous webhook is answered.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::{ActionError, Call, Definition, Outcome, Run, Tools};

pub(super) fn definition() -> Definition {
    Definition {
        key: "respond",
        name: "Respond",
        description: "Answers the request that started the flow.",
        credential: None,
        operations: vec![(reply(), Some(Arc::new(Reply)))],
    }
}

fn reply() -> Operation {
    let status = json!({
        "type": "integer",
        "minimum": 200,
        "maximum": 599,
        "default": 200,
        "description": "The status code of the answer.",
        "examples": [201]
    });
    let headers = json!({
        "type": "object",
        "additionalProperties": { "type": "string" },
        "default": {},
        "description": "Headers of the answer.",
        "examples": [{ "cache-control": "no-store" }]
    });
    let body = json!({
        "default": null,
        "description": "The body: text is sent as it is, nothing for null, anything else as JSON.",
        "examples": [{ "accepted": true }]
    });
    let properties = json!({ "status": status, "headers": headers, "body": body });
    Operation {
        key: "reply",
        name: "Reply",
        description: "Answers the caller who waits at the flow's `/sync` address. Without such a caller it does \
                      nothing.",
        kind: Kind::Respond,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "properties": properties
        }),
        output: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["status", "headers", "body"],
            "properties": properties
        }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: Value,
}

fn ok() -> u16 {
    200
}

struct Reply;

#[async_trait]
impl Run for Reply {
    async fn run(&self, call: &Call<'_>, _: &Tools) -> Result<Outcome, ActionError> {
        let Parameters { status, headers, body } = call.parameters()?;
        Ok(Outcome::Done(json!({ "status": status, "headers": headers, "body": body })))
    }
}
