//! Executions, from the trigger to the history. `engine` runs the steps; this module stores their results, decides which
//! steps follow, and grants leases to workers.

mod accept;
mod advance;
mod cancel;
mod decide;
mod feed;
mod find;
mod finish;
mod fire;
mod lease;
mod list;
mod quota;
mod reconcile;
mod signature;
mod values;
mod wait;

pub use accept::{ManualRun, WebhookCall};
pub use cancel::RetryFrom;
pub use feed::{Envelope, ExecutionFeed};
pub use finish::{Outcome, Report};
pub use lease::{Claim, LEASE, MAX_LOST_CLAIMS};
pub use list::ExecutionFilter;
pub use quota::Quotas;
pub use reconcile::Thoroughness;
pub use signature::{PROOF_HEADERS, Proof};

use std::sync::Arc;

use triptych_entities::ids::{ExecutionId, Id as _};
use triptych_stores::{
    clock::Clock, connections::Stores, live::Live, outbox::Outbox, postgres::Postgres, queues::Queues,
};
pub use values::{Needs, Outputs, Values};
pub use wait::Answer;

use crate::automation::{credentials::Credentials, flows::Graphs, integrations::Catalog};

/// Accepts, advances and finds executions.
#[derive(Clone)]
pub struct Executions {
    stores: Stores,
    /// Commits without waiting for the disk, for writes that a crash may lose.
    relaxed: Postgres,
    clock: Clock,
    outbox: Outbox,
    queues: Queues,
    graphs: Graphs,
    catalog: Catalog,
    credentials: Credentials,
    live: Live,
    quotas: Quotas,
}

/// The dependencies of [`Executions`], without the stores.
pub(crate) struct ExecutionParts {
    pub(crate) outbox: Outbox,
    pub(crate) queues: Queues,
    pub(crate) graphs: Graphs,
    pub(crate) catalog: Catalog,
    pub(crate) credentials: Credentials,
    pub(crate) live: Live,
    pub(crate) quotas: Quotas,
}

impl Executions {
    pub(crate) fn new(stores: Stores, clock: Clock, parts: ExecutionParts) -> Self {
        let ExecutionParts { outbox, queues, graphs, catalog, credentials, live, quotas } = parts;
        live.oversee(ExecutionId::PREFIX, Arc::new(feed::Statuses(stores.clone())));
        let relaxed = stores.relaxed.clone();
        Self { stores, relaxed, clock, outbox, queues, graphs, catalog, credentials, live, quotas }
    }

    /// The live streams of executions.
    pub(crate) fn live(&self) -> &Live {
        &self.live
    }
}
