//! The background tasks of the queues: the outbox relay, the reconciler, the mirror of schedules.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_services::{
    Services,
    automation::executions::Thoroughness,
    error::{Coded, StoreError},
};

/// Interval at which the marker key in Redis is checked.
const PULSE: Duration = Duration::from_millis(500);
/// Interval of the reconciler.
const SWEEP: Duration = Duration::from_secs(5);

/// Whether other processes work on the same queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// This process is the only worker, so nothing that was running before its start still runs.
    Alone,
    /// Other processes may run jobs.
    Others,
}

pub(super) fn start(services: &Services, company: Company, tasks: &TaskTracker, end: &CancellationToken) {
    let (relay, stop) = (services.outbox.clone(), end.clone());
    tasks.spawn(async move { relay.relay(stop).await });
    let (services, end) = (services.clone(), end.clone());
    tasks.spawn(async move {
        end.run_until_cancelled(maintain(&services, company)).await;
    });
}

/// Restores the queues at start and whenever Redis was emptied, and reconciles at an interval.
async fn maintain(services: &Services, company: Company) {
    let mut thoroughness = match company {
        Company::Alone => Thoroughness::Alone,
        Company::Others => Thoroughness::Emptied,
    };
    loop {
        match restore(services, thoroughness).await {
            Ok(()) => break,
            Err(error) => warn(&*error),
        }
        tokio::time::sleep(PULSE).await;
    }
    let mut swept = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(PULSE).await;
        thoroughness = match services.queues.was_emptied().await {
            Ok(true) => {
                tracing::warn!("the queues were emptied; their jobs are being restored");
                Thoroughness::Emptied
            }
            Ok(false) if swept.elapsed() >= SWEEP => Thoroughness::Regular,
            Ok(false) => continue,
            Err(error) => {
                warn(&error);
                continue;
            }
        };
        let done = match thoroughness {
            Thoroughness::Regular => sweep(services, thoroughness).await,
            _ => restore(services, thoroughness).await,
        };
        match done {
            Ok(()) => swept = tokio::time::Instant::now(),
            Err(error) => warn(&*error),
        }
    }
}

async fn restore(services: &Services, thoroughness: Thoroughness) -> Result<(), Box<dyn Coded>> {
    if thoroughness == Thoroughness::Alone {
        services.executions.release_all().await.map_err(boxed)?;
        services.generations.recover_exclusive().await.map_err(boxed)?;
    }
    sweep(services, thoroughness).await?;
    services.flows.mirror_all_schedules().await.map_err(boxed)?;
    // Last: if the queues are emptied meanwhile, the next check finds no marker.
    services.queues.mark().await.map_err(boxed)
}

async fn sweep(services: &Services, thoroughness: Thoroughness) -> Result<(), Box<dyn Coded>> {
    services.executions.reconcile(thoroughness).await.map_err(boxed)?;
    services.generations.reconcile().await.map_err(boxed::<StoreError>)?;
    Ok(())
}

fn boxed<E: Coded>(error: E) -> Box<dyn Coded> {
    Box::new(error)
}

fn warn(error: &dyn Coded) {
    tracing::warn!(%error, "reconciling the queues failed, retrying");
}
