//! `ai`: asking a model. Described here; the flow runtime hands the prompt to a generation and waits for it.

use serde_json::json;
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::Definition;

pub(super) fn definition() -> Definition {
    Definition {
        key: "ai",
        name: "AI",
        description: "Asks a language model.",
        credential: None,
        operations: vec![(prompt(), None)],
    }
}

fn prompt() -> Operation {
    Operation {
        key: "prompt",
        name: "Prompt",
        description: "Sends a prompt to a model and waits for the whole answer.",
        kind: Kind::Ai,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["model", "prompt"],
            "properties": {
                "model": {
                    "type": "string",
                    "minLength": 3,
                    "maxLength": 255,
                    "description": "`<provider>/<model>` of a configured provider, or the built-in `demo/echo`.",
                    "examples": ["demo/echo"]
                },
                "prompt": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1_000_000,
                    "description": "What the model is asked.",
                    "examples": ["Summarise in one sentence: {{ trigger.body.text }}"]
                },
                "system": {
                    "type": "string",
                    "maxLength": 1_000_000,
                    "description": "What the model is told about its task, before the prompt.",
                    "examples": ["You answer in French."]
                },
                "parameters": {
                    "type": "object",
                    "additionalProperties": false,
                    "default": {},
                    "description": "How the model chooses its words. Absent: the provider's own defaults.",
                    "properties": {
                        "temperature": { "type": "number", "minimum": 0, "maximum": 2, "examples": [0.2] },
                        "topP": { "type": "number", "minimum": 0, "maximum": 1, "examples": [0.9] },
                        "maxOutputTokens": { "type": "integer", "minimum": 1, "examples": [500] },
                        "seed": { "type": "integer", "examples": [7] },
                        "stop": { "type": "array", "items": { "type": "string" }, "maxItems": 16 }
                    }
                },
                "json_schema": {
                    "type": "object",
                    "description": "A JSON Schema. If set, the answer is an object that fits it.",
                    "examples": [{ "type": "object", "properties": { "sentiment": { "type": "string" } } }]
                }
            }
        }),
        output: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["text", "object", "usage"],
            "properties": {
                "text": { "type": "string", "description": "The whole answer." },
                "object": { "description": "The answer parsed, with a `json_schema`; otherwise null." },
                "usage": {
                    "type": ["object", "null"],
                    "description": "Tokens and cost."
                }
            }
        }),
    }
}
