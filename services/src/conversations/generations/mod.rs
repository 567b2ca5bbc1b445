//! Generations: one response of a model each, from the request to the terminal state.
//!
//! The document is authoritative and serves as the outbox: a `Queued` generation has to be run, and a `Streaming` one
//! whose lease has expired has to be restarted. Each run has an **epoch**; only the holder of the highest epoch may write
//! to the document and to the live stream. The response is stored before its terminal event is published, so a reader
//! that saw the event finds the response. Providers and the run itself are in `engine`.

mod cancel;
mod claim;
mod dispatch;
mod draft;
mod feed;
mod find;
mod finish;
mod lease;
mod orphans;
mod remove;
mod step;
mod terminal;
mod usage;

pub use claim::{Claim, Prompt, Turn};
pub use dispatch::Enqueue;
pub(crate) use draft::Draft;
pub use feed::{Envelope, GenerationFeed};
pub use finish::{Finished, Outcome};
pub use step::{StepRequest, StepStart};
pub use usage::{Period, UsageBy, UsageSummary};

use std::sync::Arc;

use triptych_entities::ids::{GenerationId, Id as _};
use triptych_stores::{clock::Clock, connections::Stores, live::Live};

use crate::conversations::models::Models;

/// The service of generations.
#[derive(Clone)]
pub struct Generations {
    stores: Stores,
    clock: Clock,
    live: Live,
    models: Models,
    queue: Arc<dyn Enqueue>,
}

impl Generations {
    pub(crate) fn new(
        stores: Stores,
        clock: Clock,
        live: Live,
        models: Models,
        queue: Arc<dyn Enqueue>,
    ) -> Self {
        live.oversee(GenerationId::PREFIX, Arc::new(feed::Statuses(stores.clone())));
        Self { stores, clock, live, models, queue }
    }

    /// The configured models.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The live streams, for the workers that run generations.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The clock and the source of ids.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}
