//! `branch`: a step that chooses among its links. The conditions stand on the links, and the runtime evaluates
//! them.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::Operation;

use super::{ActionError, Call, Definition, Outcome, Run, Tools};

pub(super) fn definition() -> Definition {
    Definition {
        key: "branch",
        name: "Branch",
        description: "Goes on along the first of its links whose condition holds.",
        credential: None,
        operations: vec![(when(), Some(Arc::new(When)))],
    }
}

fn when() -> Operation {
    let nothing = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    Operation {
        key: "when",
        name: "Choose a branch",
        description: "Follows the first link whose condition holds, in order; a link without a condition is \
                      followed if none before it was.",
        kind: Kind::Branch,
        parameters: nothing.clone(),
        output: nothing,
    }
}

struct When;

#[async_trait]
impl Run for When {
    async fn run(&self, _: &Call<'_>, _: &Tools) -> Result<Outcome, ActionError> {
        Ok(Outcome::Done(json!({})))
    }
}
