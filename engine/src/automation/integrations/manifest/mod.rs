//! Integrations as data. A folder with a `manifest.toml` is an integration: what it is called, what credential it
//! takes, what its operations are, and for plain HTTP calls also the request, paging and the meaning of errors.
//!
//! Manifests are part of the binary. They are checked when they are loaded; a test loads them all.

mod answer;
mod check;
mod fill;
mod load;
mod paging;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Start;

pub(super) use load::{Loaded, Runs, load};
use paging::Paging;

/// The folders of integrations and their manifests' text, listed by the build script.
pub(super) const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/manifests.rs"));

/// One `manifest.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// Unique among the integrations, and the name of the folder.
    key: String,
    name: String,
    description: String,
    /// The name of an icon in the Lucide set.
    icon: String,
    credential: Option<Credential>,
    http: Option<Service>,
    #[serde(default)]
    triggers: Vec<Trigger>,
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    description: String,
    #[serde(default)]
    required: bool,
    /// A JSON Schema. Absent if it is derived from a type of an operation in Rust.
    fields: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    key: String,
    name: String,
    description: String,
    start: Start,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    output: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    key: String,
    name: String,
    description: String,
    #[serde(default)]
    kind: ActionKind,
    /// A JSON Schema without `type` and `additionalProperties`.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// Likewise. Of the answer only the declared properties are kept. With paging: the schema of one item.
    #[serde(default)]
    output: Map<String, Value>,
    request: Option<Request>,
    #[serde(default)]
    answer: Answer,
    paging: Option<Paging>,
    /// Added before those of the service.
    #[serde(default)]
    errors: Vec<ErrorRule>,
}

/// What an action is in the graph. The runtime itself runs branches and prompts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActionKind {
    #[default]
    Action,
    Branch,
    Ai,
}

impl From<ActionKind> for Kind {
    fn from(kind: ActionKind) -> Self {
        match kind {
            ActionKind::Action => Self::Action,
            ActionKind::Branch => Self::Branch,
            ActionKind::Ai => Self::Ai,
        }
    }
}

/// What all requests to a service have in common. Templates see `parameters` and `credential`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    /// The address that paths are appended to.
    base: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    auth: Auth,
    /// For each exchange; 30 unless given.
    timeout_seconds: Option<u64>,
    #[serde(default)]
    errors: Vec<ErrorRule>,
    /// The JSON Pointer to the error message in the body. Default: the whole body is quoted.
    error_message: Option<String>,
    #[serde(default)]
    retry_after: RetryAfter,
}

/// Sent if the step has a credential, and only to the host of the service. Empty values are omitted.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Auth {
    headers: Map<String, Value>,
    query: Map<String, Value>,
}

/// A request. Values that are rendered as null are omitted.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    /// Each segment is rendered separately and percent-encoded.
    path: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    query: Map<String, Value>,
    json: Option<Value>,
    form: Option<Map<String, Value>>,
    text: Option<String>,
}

/// The conversion of the response into the output.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    /// The part of the body that is the output, as a JSON Pointer.
    at: String,
}

/// Which answers are an error, and which one. The first rule that fits counts. Without one, every status from 400
/// on is `HTTP_STATUS`, retryable for 408, 425, 429 and 5xx.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorRule {
    /// Any of these; every status, if empty.
    #[serde(default)]
    status: Vec<u16>,
    /// Values that the body must have, by JSON Pointer.
    #[serde(default)]
    body: BTreeMap<String, Value>,
    code: String,
    #[serde(default)]
    retryable: bool,
}

/// The location of the requested wait in the response. The `retry-after` header is always read.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RetryAfter {
    header: Option<String>,
    /// A JSON Pointer into the body.
    body: Option<String>,
    unit: WaitUnit,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WaitUnit {
    #[default]
    Seconds,
    Milliseconds,
    /// Seconds since 1970.
    Epoch,
}
