//! Taking a generation to run it, and holding it.

use std::time::Duration;

use mongodb::bson::{self, Bson, doc};
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

use super::{Generations, Outcome};
use crate::conversations::tree::Tree;

/// After so many runs that all ended with their worker, the generation itself is at fault.
const MAX_RUNS: i32 = 10;
/// Turns of a conversation that a model is shown, from the latest back.
const MAX_TURNS: usize = 200;

/// A generation in the hands of one worker, under an epoch of its own.
#[derive(Debug, Clone)]
pub struct Claim {
    pub generation: Generation,
    pub prompt: Prompt,
}

/// What the model is asked.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    pub system: Option<String>,
    /// Oldest first, ending in what is to be answered.
    pub turns: Vec<Turn>,
}

/// One message of a prompt.
#[derive(Debug, Clone)]
pub struct Turn {
    pub role: Role,
    pub parts: Vec<Part>,
}

impl Generations {
    /// Takes a generation that is owed a run. None if it is finished, or another worker has it.
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
        let Some(mut claim) = self.take(id, worker, lease, &["QUEUED", "STREAMING"]).await? else {
            return Ok(None);
        };
        if claim.generation.epoch > MAX_RUNS {
            let outcome = Outcome::failed("INTERNAL", "this answer was begun too often without an end");
            self.finish(&claim, outcome).await?;
            return Ok(None);
        }
        claim.prompt = self.prompt(&claim.generation).await?;
        Ok(Some(claim))
    }

    /// The claim itself, without the prompt.
    pub(super) async fn take(
        &self,
        id: GenerationId,
        worker: Uuid,
        lease: Duration,
        from: &[&str],
    ) -> Result<Option<Claim>, StoreError> {
        let now = self.mint.now();
        let free = doc! {
            "_id": id,
            "status": { "$in": from },
            "$or": [{ "leaseUntil": null }, { "leaseUntil": { "$lt": to_bson(now) } }],
        };
        let update = vec![
            doc! { "$set": {
                "status": "STREAMING",
                "epoch": { "$add": ["$epoch", 1] },
                "lastSeq": 0_i64,
                "leaseOwner": binary(worker),
                "leaseUntil": to_bson(now + lease),
                "startedAt": { "$ifNull": ["$startedAt", to_bson(now)] },
                // A failed step that is tried again starts with a clean slate.
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
                // The last is the answer itself, which is empty as yet.
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

    /// Keeps the leases of a worker's generations. Those that are missing from the answer are no longer its own.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the leases run until they expire.
    pub async fn renew(
        &self,
        worker: Uuid,
        held: &[(GenerationId, i32)],
        lease: Duration,
    ) -> Result<Vec<GenerationId>, StoreError> {
        let ids: Vec<Bson> = held.iter().map(|(id, _)| Bson::from(*id)).collect();
        let mine = doc! { "_id": { "$in": ids }, "leaseOwner": binary(worker), "status": "STREAMING" };
        let until = to_bson(self.mint.now() + lease);
        in_time(
            self.stores
                .documents::<Generation>()
                .across_tenants()
                .update_many(mine.clone(), doc! { "$set": { "leaseUntil": until } }),
        )
        .await?;
        let still = all(self.stores.documents::<Generation>().across_tenants().find(mine)).await?;
        Ok(still
            .into_iter()
            .filter(|generation| held.contains(&(generation.id, generation.epoch)))
            .map(|generation| generation.id)
            .collect())
    }

    /// Which of these somebody has asked to stop.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn abort_requested(&self, ids: &[GenerationId]) -> Result<Vec<GenerationId>, StoreError> {
        let filter = doc! { "_id": { "$in": ids.to_vec() }, "abortRequestedAt": { "$ne": null } };
        let found = all(self.stores.documents::<Generation>().across_tenants().find(filter)).await?;
        Ok(found.into_iter().map(|generation| generation.id).collect())
    }

    /// Lets go of a generation that will not be finished here, so that another worker can begin it again at once.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the lease then has to expire.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let id = claim.generation.id;
        let mine = doc! { "_id": id, "epoch": claim.generation.epoch, "status": "STREAMING" };
        let update = doc! { "$unset": { "leaseOwner": "", "leaseUntil": "" } };
        let released =
            in_time(self.stores.documents::<Generation>().across_tenants().update_one(mine, update)).await?;
        if released.matched_count > 0 && claim.generation.thread_id().is_some() {
            self.dispatch_again(id, claim.generation.epoch).await;
        }
        Ok(())
    }
}

pub(super) fn binary(id: Uuid) -> bson::Uuid {
    bson::Uuid::from_bytes(id.into_bytes())
}
