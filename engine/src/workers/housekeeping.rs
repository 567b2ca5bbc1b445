//! The tasks behind the queues: the relay of the outbox, the look for lost jobs, the mirror of schedules.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_services::{
    Services,
    automation::executions::Thoroughness,
    error::{Coded, StoreError},
};

/// Between looks at whether Redis still knows us.
const PULSE: Duration = Duration::from_millis(500);
/// Between looks for what is unfinished and has no job.
const SWEEP: Duration = Duration::from_secs(5);

/// Whether other processes work on the same queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// This process is the only worker, so whatever was under way before it started, is not.
    Alone,
    /// Others may be at work.
    Others,
}

pub(super) fn start(services: &Services, company: Company, tasks: &TaskTracker, end: &CancellationToken) {
    let (relay, stop) = (services.outbox.clone(), end.clone());
    tasks.spawn(async move { relay.relay(stop).await });
    let (services, end) = (services.clone(), end.clone());
    tasks.spawn(async move {
        end.run_until_cancelled(keep_house(&services, company)).await;
    });
}

/// Puts everything in order once, then keeps it so.
async fn keep_house(services: &Services, company: Company) {
    let mut thoroughness = match company {
        Company::Alone => Thoroughness::Alone,
        Company::Others => Thoroughness::Emptied,
    };
    loop {
        match put_in_order(services, thoroughness).await {
            Ok(()) => break,
            Err(error) => complain(&*error),
        }
        tokio::time::sleep(PULSE).await;
    }
    let mut swept = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(PULSE).await;
        thoroughness = match services.queues.was_emptied().await {
            Ok(true) => {
                tracing::warn!("the queues were emptied; what they should hold is being put back");
                Thoroughness::Emptied
            }
            Ok(false) if swept.elapsed() >= SWEEP => Thoroughness::Regular,
            Ok(false) => continue,
            Err(error) => {
                complain(&error);
                continue;
            }
        };
        let done = match thoroughness {
            Thoroughness::Regular => sweep(services, thoroughness).await,
            _ => put_in_order(services, thoroughness).await,
        };
        match done {
            Ok(()) => swept = tokio::time::Instant::now(),
            Err(error) => complain(&*error),
        }
    }
}

async fn put_in_order(services: &Services, thoroughness: Thoroughness) -> Result<(), Box<dyn Coded>> {
    if thoroughness == Thoroughness::Alone {
        services.executions.release_all().await.map_err(boxed)?;
        services.generations.recover_exclusive().await.map_err(boxed)?;
    }
    sweep(services, thoroughness).await?;
    services.flows.mirror_all_schedules().await.map_err(boxed)?;
    // Last: should the queues be emptied meanwhile, the next look finds that out.
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

fn complain(error: &dyn Coded) {
    tracing::warn!(%error, "the queues could not be looked after; trying again");
}
