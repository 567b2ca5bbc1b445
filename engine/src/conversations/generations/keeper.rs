//! Keeps a worker's leases and hears who has been asked to stop: one query for all of its generations.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use triptych_entities::ids::GenerationId;

use super::{Generator, LEASE};

const LOOK: Duration = Duration::from_millis(200);
const RENEW: Duration = Duration::from_secs(5);

/// What a run is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    GoOn,
    /// A person asked for its end.
    Abort,
    /// Another worker has it.
    Lost,
}

/// The runs of this process.
#[derive(Default)]
pub(super) struct Held(Mutex<HashMap<GenerationId, (i32, watch::Sender<Signal>)>>);

/// A run's own end. Dropping it gives up the place, not the lease.
pub(super) struct Hold<'a> {
    held: &'a Held,
    id: GenerationId,
    epoch: i32,
    pub(super) signal: watch::Receiver<Signal>,
}

impl Held {
    pub(super) fn hold(&self, id: GenerationId, epoch: i32) -> Hold<'_> {
        let (sender, signal) = watch::channel(Signal::GoOn);
        self.lock().insert(id, (epoch, sender));
        Hold { held: self, id, epoch, signal }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<GenerationId, (i32, watch::Sender<Signal>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<(GenerationId, i32)> {
        self.lock().iter().map(|(id, (epoch, _))| (*id, *epoch)).collect()
    }

    fn tell(&self, id: GenerationId, epoch: Option<i32>, signal: Signal) {
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

/// Goes on until the generator stops and its last run is over.
pub(super) async fn keep(generator: Generator) {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        let held = generator.held.all();
        if held.is_empty() {
            if generator.stop.is_cancelled() {
                return;
            }
            renewed = Instant::now();
            continue;
        }
        let ids: Vec<GenerationId> = held.iter().map(|(id, _)| *id).collect();
        match generator.generations.abort_requested(&ids).await {
            Ok(stopped) => {
                for id in stopped {
                    generator.held.tell(id, None, Signal::Abort);
                }
            }
            Err(error) => tracing::warn!(%error, "cannot see who is to be stopped"),
        }
        // A run that began since then has a whole lease before it.
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
                generator.held.tell(*id, Some(*epoch), Signal::Lost);
            }
        }
        // Should the leases run out, the epoch keeps us from doing harm.
        Err(error) => tracing::warn!(%error, "leases were not renewed"),
    }
}
