//! A generation that has not been stored yet.

use sha2::{Digest as _, Sha256};
use triptych_entities::{
    documents::{
        conversations::generation::{CachePolicy, Generation, Origin, Parameters, Status},
        to_bson,
    },
    ids::{GenerationId, Id as _, OrganizationId, UserId},
};
use triptych_stores::clock::Clock;

/// The content of a new generation.
pub(crate) struct Draft {
    pub organization: OrganizationId,
    pub owner: UserId,
    pub origin: Origin,
    pub model: String,
    pub parameters: Parameters,
    pub cache: CachePolicy,
}

impl Draft {
    /// Creates the document, with the status `Queued`.
    pub(crate) fn into_generation(self, clock: &Clock, id: GenerationId) -> Generation {
        // Derived from the id, so that feedback can be attached to the trace without a lookup.
        let digest = Sha256::digest(id.uuid().as_bytes());
        Generation {
            id,
            organization_id: self.organization,
            owner_id: self.owner,
            origin: self.origin,
            model: self.model,
            parameters: self.parameters,
            status: Status::Queued,
            epoch: 0,
            last_seq: 0,
            cache: self.cache,
            cached: false,
            lease_owner: None,
            lease_until: None,
            abort_requested_at: None,
            parts: Vec::new(),
            finish_reason: None,
            usage: None,
            error: None,
            time_to_first_token_ms: None,
            trace_id: hex::encode(&digest[..16]),
            observation_id: hex::encode(&digest[16..24]),
            created_at: to_bson(clock.now()),
            started_at: None,
            finished_at: None,
        }
    }
}
