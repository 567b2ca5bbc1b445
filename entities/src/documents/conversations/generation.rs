//! A generation: one response of a model, from the request to the terminal state. The document serves as the outbox:
//! a `Queued` generation has to be run, even if the queue has lost its job.

use bson::{self, DateTime, doc};
use serde::{Deserialize, Serialize};

use super::part::Part;
use crate::{
    access::Subject,
    documents::{collection::Collection, index::Index},
    failure::Failure,
    ids::{ExecutionId, ExecutionStepId, FlowId, GenerationId, MessageId, OrganizationId, ThreadId, UserId},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Queued,
    Streaming,
    Completed,
    Aborted,
    Failed,
}

impl Status {
    /// Whether the status is final.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted | Self::Failed)
    }
}

/// Tokens and cost of one or more model calls. The cost is in millionths of a unit of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_input_tokens: i64,
    pub reasoning_tokens: i64,
    pub cost_micros: i64,
}

/// Parameters of the request. Absent fields have the defaults of the provider.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Requests JSON that is valid by this schema.
    #[serde(with = "crate::documents::json_text::option", skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<serde_json::Value>,
}

/// How cached responses are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CachePolicy {
    /// Use a cached response, and store a new one.
    #[default]
    Default,
    /// Neither use nor store.
    Bypass,
    /// Request a new response and store it.
    Refresh,
}

/// The origin of a generation. The prompt of a thread is the branch that ends in the message; a step has its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Origin {
    Thread {
        thread_id: ThreadId,
        message_id: MessageId,
    },
    Step {
        flow_id: FlowId,
        execution_id: ExecutionId,
        execution_step_id: ExecutionStepId,
        #[serde(default)]
        system: Option<String>,
        prompt: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    #[serde(rename = "_id")]
    pub id: GenerationId,
    pub organization_id: OrganizationId,
    /// The user whose usage it counts towards.
    pub owner_id: UserId,
    pub origin: Origin,
    /// `provider/model`.
    pub model: String,
    #[serde(default)]
    pub parameters: Parameters,
    pub status: Status,
    /// The number of the run: a worker with a lower epoch cannot write.
    pub epoch: i32,
    /// The sequence number of the terminal event within the epoch; 0 until then.
    #[serde(default)]
    pub last_seq: i64,
    #[serde(default)]
    pub cache: CachePolicy,
    #[serde(default)]
    pub cached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_owner: Option<bson::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abort_requested_at: Option<DateTime>,
    /// The response for a step. The response for a thread is in its message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_first_token_ms: Option<i32>,
    /// 32 hexadecimal digits, derived from the id.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub observation_id: String,
    pub created_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime>,
}

impl Generation {
    /// The message that contains the response, if the origin is a thread.
    #[must_use]
    pub fn message_id(&self) -> Option<MessageId> {
        match self.origin {
            Origin::Thread { message_id, .. } => Some(message_id),
            Origin::Step { .. } => None,
        }
    }

    /// The thread, if the origin is one.
    #[must_use]
    pub fn thread_id(&self) -> Option<ThreadId> {
        match self.origin {
            Origin::Thread { thread_id, .. } => Some(thread_id),
            Origin::Step { .. } => None,
        }
    }
}

impl Collection for Generation {
    const NAME: &'static str = "generations";
    const NOUN: &'static str = "generation";
    const SUBJECT: Subject = Subject::Thread;

    type Id = GenerationId;

    fn id(&self) -> GenerationId {
        self.id
    }

    fn indexes() -> Vec<Index> {
        vec![
            Index::unique_where_present(
                "step",
                doc! { "origin.executionStepId": 1 },
                "origin.executionStepId",
            ),
            Index::unique(
                "active_in_thread",
                doc! { "origin.threadId": 1 },
                doc! {
                    "origin.threadId": { "$exists": true },
                    "status": { "$in": ["QUEUED", "STREAMING"] },
                },
            ),
            Index::where_present("execution", doc! { "origin.executionId": 1 }, "origin.executionId"),
            // Contains only generations that run and should not.
            Index {
                only: Some(
                    doc! { "leaseOwner": { "$exists": true }, "abortRequestedAt": { "$exists": true } },
                ),
                ..Index::new("aborting", doc! { "leaseOwner": 1 })
            },
            Index::new("unfinished", doc! { "status": 1, "leaseUntil": 1 }),
            Index::new("owner", doc! { "organizationId": 1, "ownerId": 1, "status": 1, "_id": -1 }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn is_unchanged_after_storage_as_bson() {
        let id = Uuid::from_u128(7);
        let generation = Generation {
            id: GenerationId(id),
            organization_id: OrganizationId(id),
            owner_id: UserId(id),
            origin: Origin::Thread { thread_id: ThreadId(id), message_id: MessageId(id) },
            model: "demo/echo".to_owned(),
            parameters: Parameters {
                json_schema: Some(serde_json::json!({ "$ref": "#/$defs/a", "n": u64::MAX })),
                ..Parameters::default()
            },
            status: Status::Streaming,
            epoch: 1,
            last_seq: 0,
            cache: CachePolicy::Refresh,
            cached: false,
            lease_owner: Some(bson::Uuid::from_bytes(id.into_bytes())),
            lease_until: Some(DateTime::from_millis(5)),
            abort_requested_at: None,
            parts: vec![Part::Data {
                id: "1".to_owned(),
                data: serde_json::json!({ "\0": { "$oid": "x" } }),
            }],
            finish_reason: None,
            usage: Some(Usage { input_tokens: 3, ..Usage::default() }),
            error: None,
            time_to_first_token_ms: None,
            trace_id: String::new(),
            observation_id: String::new(),
            created_at: DateTime::from_millis(1),
            started_at: None,
            finished_at: None,
        };
        let bytes = bson::serialize_to_vec(&generation).unwrap();
        let document: bson::Document = bson::deserialize_from_slice(&bytes).unwrap();
        assert_eq!(document["leaseOwner"].element_type(), bson::spec::ElementType::Binary);
        let origin = document.get_document("origin").unwrap();
        assert_eq!(origin["threadId"], bson::Bson::from(ThreadId(id)));
        let read: Generation = bson::deserialize_from_slice(&bytes).unwrap();
        assert_eq!(read.thread_id(), Some(ThreadId(id)));
        assert_eq!(read.parts, generation.parts);
        assert_eq!(read.parameters, generation.parameters);
    }
}
