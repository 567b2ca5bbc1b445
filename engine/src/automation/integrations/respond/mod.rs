//! `respond`: the response to the caller of a synchronous webhook.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;

use super::{About, Action, ActionResult, Call, Outcome, Tools};

pub(super) struct Reply;

/// Its parameters are its output.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// Status code of the response.
    #[serde(default = "ok")]
    #[schemars(range(min = 200, max = 599), example = 201)]
    status: u16,
    /// Response headers: Cache-Control, Content-Disposition, Content-Language, Content-Type, `ETag`, Expires,
    /// Last-Modified, Location, Retry-After and Vary. Others are not sent.
    #[serde(default)]
    #[schemars(example = json!({ "cache-control": "no-store" }))]
    headers: BTreeMap<String, String>,
    /// Response body: text is sent unchanged, null as an empty body, anything else as JSON.
    #[serde(default)]
    #[schemars(example = json!({ "accepted": true }))]
    body: Value,
}

fn ok() -> u16 {
    200
}

#[async_trait]
impl Action for Reply {
    type Parameters = Answer;
    type Output = Answer;

    const ABOUT: About = About {
        integration: "respond",
        key: "reply",
        name: "Reply",
        description: "Sends the response to the caller that waits at the flow's `/sync` address. Has no effect \
                      without such a caller.",
        kind: Kind::Respond,
    };

    async fn run(&self, answer: Answer, _: &Call<'_>, _: &Tools) -> ActionResult<Answer> {
        Ok(Outcome::Done(answer))
    }
}
