//! `schedule`: flows started by the clock. The queue's schedulers fire them.

use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::Definition;

pub(super) fn definition() -> Definition {
    Definition {
        key: "schedule",
        name: "Schedule",
        description: "Starts a flow at set times.",
        credential: None,
        operations: vec![(cron(), None), (every(), None)],
    }
}

fn cron() -> Operation {
    Operation {
        key: "cron",
        name: "At set times",
        description: "Starts the flow at the times of a cron expression.",
        kind: Kind::Trigger,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["expression"],
            "properties": {
                "expression": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 255,
                    "description": "Minute, hour, day of the month, month, day of the week.",
                    "examples": ["0 9 * * MON-FRI", "*/15 * * * *"]
                },
                "timezone": {
                    "type": "string",
                    "default": "UTC",
                    "description": "The IANA time zone that the times are in.",
                    "examples": ["Europe/Berlin"]
                }
            }
        }),
        output: fired(),
    }
}

fn every() -> Operation {
    Operation {
        key: "every",
        name: "At an interval",
        description: "Starts the flow again and again, always after the same time.",
        kind: Kind::Trigger,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["seconds"],
            "properties": {
                "seconds": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 31_536_000,
                    "description": "The time between two starts, in seconds.",
                    "examples": [300]
                }
            }
        }),
        output: fired(),
    }
}

fn fired() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["firedAt"],
        "properties": {
            "firedAt": {
                "type": "string",
                "format": "date-time",
                "description": "When the flow was due to start, in UTC.",
                "examples": ["2026-03-01T09:00:00Z"]
            }
        }
    })
}
