//! Generations: one answer of a model each, from the request to its one terminal state.
//!
//! The document is the truth and its own outbox: one that is `Queued` is owed a run, one that is `Streaming` under
//! an expired lease is owed another. A run has an **epoch**; only the holder of the highest may write, here and in
//! the live stream. The answer is stored before its terminal event is told, so whoever reads after the end finds
//! it. Knows nothing of providers and of how an answer comes about: that is `engine`'s.

mod cancel;
mod claim;
mod dispatch;
mod draft;
mod feed;
mod find;
mod finish;
mod step;
mod terminal;
mod usage;

pub use claim::{Claim, Prompt, Turn};
pub use dispatch::Enqueue;
pub(crate) use draft::Draft;
pub use feed::{Envelope, GenerationFeed};
pub use finish::{Finished, Outcome};
pub use step::{StepPrompt, StepStart};
pub use usage::{Period, UsageBy, UsageSummary};

use std::sync::Arc;
use triptych_stores::{connections::Stores, live::Live, mint::Mint};

use crate::conversations::models::Models;

/// Starts, runs, ends and watches generations.
#[derive(Clone)]
pub struct Generations {
    stores: Stores,
    mint: Mint,
    live: Live,
    models: Models,
    queue: Arc<dyn Enqueue>,
}

impl Generations {
    pub(crate) fn new(
        stores: Stores,
        mint: Mint,
        live: Live,
        models: Models,
        queue: Arc<dyn Enqueue>,
    ) -> Self {
        Self { stores, mint, live, models, queue }
    }

    /// The models that can be asked.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The live streams, for whoever runs a generation.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The clock and the source of ids.
    #[must_use]
    pub fn mint(&self) -> &Mint {
        &self.mint
    }
}
