//! Runs generations: claims one, reads the stream of the model, appends live events and stores the result.
//!
//! The state of a generation, claims and the transaction that ends it are in `services`.

mod answer;
mod keeper;
mod produce;
mod run;
mod step;
mod writer;

pub use run::RunEnd;
pub use step::StepAnswer;

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_services::conversations::generations::Generations;
use uuid::Uuid;

use crate::conversations::models::ModelRegistry;
use keeper::Held;

/// Duration of a lease. A generation whose lease expired can be claimed by another worker.
const LEASE: Duration = Duration::from_secs(15);

/// Runs generations for threads and for AI steps.
#[derive(Clone)]
pub struct Generator {
    generations: Generations,
    models: ModelRegistry,
    worker: Uuid,
    held: Arc<Held>,
    stop: CancellationToken,
}

impl Generator {
    /// Starts the task that renews leases. After `stop` is cancelled, running generations are released, so that another
    /// worker restarts them.
    #[must_use]
    pub fn start(
        generations: Generations,
        models: ModelRegistry,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let worker = generations.clock().new_uuid();
        let held = Arc::new(Held::default());
        let generator = Self { generations, models, worker, held, stop };
        tasks.spawn(keeper::keep(generator.clone()));
        generator
    }
}
