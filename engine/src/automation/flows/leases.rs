//! Renews the leases of the steps that this process runs, all in one statement. A run whose lease is lost is
//! cancelled.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use triptych_entities::ids::ExecutionStepId;
use triptych_services::{
    automation::executions::{Executions, LEASE},
    tasks::{Turn, Turns},
};
use uuid::Uuid;

/// The steps that this process runs.
#[derive(Default)]
pub(super) struct Leases(Mutex<HashMap<ExecutionStepId, CancellationToken>>);

/// Keeps a step's lease renewed until it is dropped.
pub(super) struct Hold {
    leases: Arc<Leases>,
    id: ExecutionStepId,
    /// Cancelled when another worker may run the step.
    pub(super) lost: CancellationToken,
}

impl Leases {
    pub(super) fn hold(self: &Arc<Self>, id: ExecutionStepId) -> Hold {
        let lost = CancellationToken::new();
        self.held().insert(id, lost.clone());
        Hold { leases: self.clone(), id, lost }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<ExecutionStepId, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.leases.held().remove(&self.id);
    }
}

/// Renews leases until, after `stop`, none is left.
pub(super) async fn keep(
    leases: Arc<Leases>,
    executions: Executions,
    turns: Turns,
    worker: Uuid,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(LEASE / 3);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        let held: Vec<ExecutionStepId> = leases.held().keys().copied().collect();
        if held.is_empty() {
            turns.succeeded(Turn::Leases);
            if stop.is_cancelled() {
                return;
            }
            continue;
        }
        match executions.renew(worker, &held).await {
            Ok(renewed) => {
                turns.succeeded(Turn::Leases);
                for id in held.iter().filter(|id| !renewed.contains(id)) {
                    // A step that ended meanwhile is not among the leases any more.
                    if let Some(lost) = leases.held().get(id) {
                        lost.cancel();
                    }
                }
            }
            Err(error) => {
                let steps: Vec<String> = held.iter().map(ToString::to_string).collect();
                tracing::warn!(%error, %worker, execution_step.id = steps.join(" "), "the leases of running steps were not renewed");
            }
        }
    }
}
