//! Claims generations for a worker.

use std::time::Duration;

use mongodb::bson::{self, doc};
use triptych_entities::{
    documents::{
        conversations::{
            generation::{Generation, Origin},
            message::{Message, Role},
            part::Part,
        },
        to_bson,
    },
    ids::{GenerationId, MessageId},
};
use triptych_stores::{
    access::Scope,
    collections::{all, in_time},
    error::StoreError,
};
use uuid::Uuid;

use super::{Generations, Outcome, lease};
use crate::conversations::tree::Tree;

/// Number of runs that ended with their worker after which the generation fails, as it probably causes the crashes.
const MAX_RUNS: i32 = 3;
/// Limit of messages in a prompt; the latest are kept.
const MAX_TURNS: usize = 200;

/// A generation that one worker has claimed, with the epoch of the claim.
#[derive(Debug, Clone)]
pub struct Claim {
    pub generation: Generation,
    pub prompt: Prompt,
}

/// The messages that are sent to the model.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    pub system: Option<String>,
    /// Oldest first; the last is the one to respond to.
    pub turns: Vec<Turn>,
}

/// One message of a prompt.
#[derive(Debug, Clone)]
pub struct Turn {
    pub role: Role,
    pub parts: Vec<Part>,
}

impl Generations {
    /// Claims a generation that is queued or whose lease has expired. `None` if it has ended or another worker has
    /// claimed it.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    #[tracing::instrument(skip_all, fields(generation.id = %id))]
    pub async fn claim(
        &self,
        id: GenerationId,
        worker: Uuid,
        lease: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        let Some(mut claim) = self.try_claim(id, worker, lease, &["QUEUED", "STREAMING"]).await? else {
            return Ok(None);
        };
        if claim.generation.epoch > MAX_RUNS {
            let outcome = Outcome::failed("CRASHED", "each run of the generation ended with its worker");
            self.finish(&claim, outcome).await?;
            return Ok(None);
        }
        claim.prompt = self.prompt(&claim.generation).await?;
        Ok(Some(claim))
    }

    /// Claims a generation, without loading the prompt.
    pub(super) async fn try_claim(
        &self,
        id: GenerationId,
        worker: Uuid,
        lease: Duration,
        from: &[&str],
    ) -> Result<Option<Claim>, StoreError> {
        let now = self.clock.now();
        let mut free = lease::free();
        free.extend(doc! { "_id": id, "status": { "$in": from } });
        let update = vec![
            doc! { "$set": {
                "status": "STREAMING",
                "epoch": { "$add": ["$epoch", 1] },
                "lastSeq": 0_i64,
                "leaseOwner": binary(worker),
                "leaseUntil": lease::until(lease),
                "startedAt": { "$ifNull": ["$startedAt", to_bson(now)] },
                // A retry of a failed step must not be cancelled by an earlier request.
                "abortRequestedAt": { "$cond": [
                    { "$in": ["$status", ["QUEUED", "STREAMING"]] }, "$abortRequestedAt", "$$REMOVE",
                ] },
            } },
            doc! { "$unset": ["finishedAt", "error", "finishReason", "usage"] },
        ];
        let taken = in_time(
            self.stores
                .documents::<Generation>()
                .across_tenants()
                .find_one_and_update(free, update)
                .return_document(mongodb::options::ReturnDocument::After),
        )
        .await?;
        Ok(taken.map(|generation| Claim { generation, prompt: Prompt::default() }))
    }

    pub(super) async fn prompt(&self, generation: &Generation) -> Result<Prompt, StoreError> {
        match &generation.origin {
            Origin::Step { system, prompt, .. } => {
                let text = Part::Text { id: "0".to_owned(), text: prompt.clone() };
                let turn = Turn { role: Role::User, parts: vec![text] };
                Ok(Prompt { system: system.clone(), turns: vec![turn] })
            }
            Origin::Thread { thread_id, message_id } => {
                let tree =
                    Tree::read(&self.stores, Scope::whole(generation.organization_id), &[*thread_id]).await?;
                let mut branch = tree.branch_to(*message_id);
                // The last message is the empty response.
                branch.pop();
                let shown = branch.split_off(branch.len().saturating_sub(MAX_TURNS));
                self.turns(generation, shown).await
            }
        }
    }

    async fn turns(&self, generation: &Generation, ids: Vec<MessageId>) -> Result<Prompt, StoreError> {
        let filter = doc! { "_id": { "$in": ids.clone() }, "organizationId": generation.organization_id };
        let mut messages = all(self.stores.documents::<Message>().across_tenants().find(filter)).await?;
        messages.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
        let mut prompt = Prompt::default();
        for message in messages {
            if message.role == Role::System {
                let text = Part::text_of(&message.parts);
                prompt.system =
                    Some(prompt.system.map_or_else(|| text.clone(), |so_far| so_far + "\n\n" + &text));
            } else if !message.parts.is_empty() {
                prompt.turns.push(Turn { role: message.role, parts: message.parts });
            }
        }
        Ok(prompt)
    }
}

pub(super) fn binary(id: Uuid) -> bson::Uuid {
    bson::Uuid::from_bytes(id.into_bytes())
}
