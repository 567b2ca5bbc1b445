//! How the formatter's operations are described.

use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::{date, number, text};

pub(super) fn text() -> Operation {
    Operation {
        key: "text",
        name: "Format text",
        description: "Brings a text into another form, or takes something out of it.",
        kind: Kind::Action,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["transform", "value"],
            "properties": {
                "transform": { "type": "string", "enum": text::TRANSFORMS, "description": "What to do." },
                "value": {
                    "description": "The text. Numbers and true/false are taken as text. A list for `join`; also a \
                                    list or an object for `length`; anything for `default`.",
                    "examples": ["{{ trigger.body.name }}"]
                },
                "pattern": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1000,
                    "description": "For `replace`: what to look for.",
                    "examples": ["-"]
                },
                "with": {
                    "type": "string",
                    "default": "",
                    "description": "For `replace`: what to put in its place; `$1` is the first group of a regular \
                                    expression."
                },
                "regex": {
                    "type": "boolean",
                    "default": false,
                    "description": "For `replace` and `split`: whether the pattern or separator is a regular \
                                    expression."
                },
                "separator": {
                    "type": "string",
                    "default": ",",
                    "description": "For `split` and `join`: what stands between the parts."
                },
                "index": {
                    "type": "integer",
                    "description": "For `split`: only this part, counted from 0, or from the end with -1. Null if \
                                    there is none."
                },
                "length": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "For `truncate`: how many characters to keep, the suffix included.",
                    "examples": [80]
                },
                "suffix": {
                    "type": "string",
                    "default": "…",
                    "description": "For `truncate`: what marks a text that was cut."
                },
                "all": {
                    "type": "boolean",
                    "default": false,
                    "description": "For `extract_…`: a list of all, instead of the first or null."
                },
                "default": { "description": "For `default`: what takes the place of null and of empty text." }
            },
            "allOf": [
                needs("replace", &["pattern"]),
                needs("truncate", &["length"]),
                needs("default", &["default"])
            ]
        }),
        output: output("A text, mostly; a number for `length` and `extract_number`, a list for `split`."),
    }
}

pub(super) fn number() -> Operation {
    Operation {
        key: "number",
        name: "Format a number",
        description: "Reads, computes, rounds and prints numbers. Decimal and exact to 28 digits.",
        kind: Kind::Action,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["transform"],
            "properties": {
                "transform": { "type": "string", "enum": number::TRANSFORMS, "description": "What to do." },
                "value": {
                    "type": ["number", "string"],
                    "description": "The number; a text may have group separators and a currency.",
                    "examples": [1234.5, "1,234.50 €"]
                },
                "decimals": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": 28,
                    "description": "For `round` (default 0), `format` (default: as many as there are) and \
                                    `currency` (default: as the currency has)."
                },
                "rounding": {
                    "type": "string",
                    "enum": ["half_up", "half_even", "up", "down"],
                    "default": "half_up",
                    "description": "How to round; `half_up` rounds halves away from zero."
                },
                "operation": { "type": "string", "enum": number::OPERATIONS, "description": "For `math`." },
                "with": {
                    "type": ["number", "string"],
                    "description": "For `math`: the other number.",
                    "examples": [1.19]
                },
                "decimalSeparator": {
                    "type": "string",
                    "enum": [".", ","],
                    "default": ".",
                    "description": "What stands before the decimals, in a text that is read or printed."
                },
                "groupSeparator": {
                    "type": "string",
                    "maxLength": 1,
                    "description": "For `format` and `currency`: what stands between groups of three digits. \
                                    Default: a comma, or a point if the decimal separator is a comma."
                },
                "currency": {
                    "type": "string",
                    "pattern": "^[A-Za-z]{3}$",
                    "description": "For `currency`: the ISO 4217 code.",
                    "examples": ["EUR"]
                },
                "min": { "type": "integer", "default": 0, "description": "For `random`: the smallest number." },
                "max": { "type": "integer", "default": 100, "description": "For `random`: the largest number." }
            },
            "allOf": [
                needs("to_number", &["value"]),
                needs("format", &["value"]),
                needs("round", &["value"]),
                needs("absolute", &["value"]),
                needs("math", &["value", "operation", "with"]),
                needs("currency", &["value", "currency"])
            ]
        }),
        output: output("A number; a text for `format` and `currency`."),
    }
}

pub(super) fn date() -> Operation {
    let moment =
        "RFC 3339, RFC 2822, `2026-03-01`, `2026-03-01 09:30`, seconds or milliseconds since 1970, or `now`.";
    Operation {
        key: "date",
        name: "Format a date",
        description: "Reads, moves, compares and prints dates.",
        kind: Kind::Action,
        parameters: json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["transform", "value"],
            "properties": {
                "transform": { "type": "string", "enum": date::TRANSFORMS, "description": "What to do." },
                "value": {
                    "type": ["string", "number"],
                    "description": moment,
                    "examples": ["2026-03-01T09:30:00Z", "now"]
                },
                "to": {
                    "type": ["string", "number"],
                    "description": format!("For `difference`: the later date. {moment}")
                },
                "amount": {
                    "type": "integer",
                    "description": "For `add` and `subtract`: how many units.",
                    "examples": [7]
                },
                "unit": {
                    "type": "string",
                    "enum": date::UNITS,
                    "description": "For `add`, `subtract` and `difference`. Days and longer are calendar days."
                },
                "format": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 200,
                    "description": "How to print the date, as in `strftime`. Without it: RFC 3339.",
                    "examples": ["%d.%m.%Y %H:%M"]
                },
                "inputFormat": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 200,
                    "description": "How the value is written, as in `strftime`, if it has another form than those.",
                    "examples": ["%m/%d/%Y"]
                },
                "timezone": {
                    "type": "string",
                    "default": "UTC",
                    "description": "The IANA time zone of the result.",
                    "examples": ["Europe/Berlin"]
                },
                "fromTimezone": {
                    "type": "string",
                    "description": "The IANA time zone of values without an offset. Default: `timezone`."
                }
            },
            "allOf": [
                needs("format", &["format"]),
                needs("add", &["amount", "unit"]),
                needs("subtract", &["amount", "unit"]),
                needs("difference", &["to", "unit"])
            ]
        }),
        output: output("A text; a whole number for `difference`."),
    }
}

fn needs(transform: &str, fields: &[&str]) -> Value {
    json!({
        "if": { "required": ["transform"], "properties": { "transform": { "const": transform } } },
        "then": { "required": fields }
    })
}

fn output(value: &str) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["value"],
        "properties": { "value": { "description": value } }
    })
}
