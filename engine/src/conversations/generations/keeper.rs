//! Renews the leases of the generations that this process runs, and polls for requests to stop them. Each takes one
//! statement for all generations.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use triptych_entities::ids::GenerationId;

use super::{Generator, LEASE};

/// Interval of polls for requests to stop.
const POLL: Duration = Duration::from_millis(200);
/// Interval of lease renewals.
const RENEW: Duration = Duration::from_secs(5);

/// Tells a run whether to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Continue,
    /// A user requested the end of the generation.
    Abort,
    /// Another worker claimed the generation.
    Lost,
}

/// The runs of this process.
#[derive(Default)]
pub(super) struct Held(Mutex<HashMap<GenerationId, (i32, watch::Sender<Signal>)>>);

/// The registration of a run. Dropping it ends the registration, not the lease.
pub(super) struct Hold<'a> {
    held: &'a Held,
    id: GenerationId,
    epoch: i32,
    pub(super) signal: watch::Receiver<Signal>,
}

impl Held {
    pub(super) fn hold(&self, id: GenerationId, epoch: i32) -> Hold<'_> {
        let (sender, signal) = watch::channel(Signal::Continue);
        self.lock().insert(id, (epoch, sender));
        Hold { held: self, id, epoch, signal }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<GenerationId, (i32, watch::Sender<Signal>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of runs.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn all(&self) -> Vec<(GenerationId, i32)> {
        self.lock().iter().map(|(id, (epoch, _))| (*id, *epoch)).collect()
    }

    fn send(&self, id: GenerationId, epoch: Option<i32>, signal: Signal) {
        if let Some((held, sender)) = self.lock().get(&id)
            && epoch.is_none_or(|epoch| epoch == *held)
        {
            sender.send_replace(signal);
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut all = self.held.lock();
        if all.get(&self.id).is_some_and(|(epoch, _)| *epoch == self.epoch) {
            all.remove(&self.id);
        }
    }
}

/// Runs until the generator is stopped and its last run has ended.
pub(super) async fn keep(generator: Generator) {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(POLL).await;
        let held = generator.held.all();
        if held.is_empty() {
            if generator.stop.is_cancelled() {
                return;
            }
            renewed = Instant::now();
            continue;
        }
        match generator.generations.abort_requested(generator.worker).await {
            Ok(stopped) => {
                for id in stopped {
                    generator.held.send(id, None, Signal::Abort);
                }
            }
            Err(error) => {
                tracing::warn!(%error, generation.id = joined(&held), "requests to stop generations were not read");
            }
        }
        // A run that started since then still has its full lease.
        if renewed.elapsed() >= RENEW {
            renewed = Instant::now();
            renew(&generator, &held).await;
        }
    }
}

async fn renew(generator: &Generator, held: &[(GenerationId, i32)]) {
    match generator.generations.renew(generator.worker, held, LEASE).await {
        Ok(still) => {
            for (id, epoch) in held.iter().filter(|(id, _)| !still.contains(id)) {
                generator.held.send(*id, Some(*epoch), Signal::Lost);
            }
        }
        // If a lease expires, the epoch prevents this worker from writing.
        Err(error) => {
            tracing::warn!(%error, generation.id = joined(held), "the leases of running generations were not renewed");
        }
    }
}

fn joined(held: &[(GenerationId, i32)]) -> String {
    held.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(" ")
}
