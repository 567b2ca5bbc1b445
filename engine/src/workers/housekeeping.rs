//! The background tasks: the outbox relay, the planner of schedules, the reconciler, the removal of deleted objects.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_services::{
    Services,
    automation::{executions::Thoroughness, flows::PLANNING_INTERVAL},
    error::{Coded, StoreError},
    postgres::{Leadership, Task},
    tasks::{Turn, supervise},
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
    let (planner, stop) = (services.clone(), end.clone());
    services.turns.succeeded(Turn::Schedules);
    tasks.spawn(async move {
        let work = supervise(Turn::Schedules.name(), || plan_firings(&planner));
        stop.run_until_cancelled(work).await;
    });
    let (remover, stop) = (services.remover.clone(), end.clone());
    tasks.spawn(async move {
        let work = supervise("deletions", || remover.run());
        stop.run_until_cancelled(work).await;
    });
    let (services, end) = (services.clone(), end.clone());
    tasks.spawn(async move {
        services.turns.succeeded(Turn::Housekeeping);
        let maintained = supervise(Turn::Housekeeping.name(), || maintain(&services, company));
        end.run_until_cancelled(maintained).await;
    });
}

/// Plans the firings of schedules.
async fn plan_firings(services: &Services) {
    loop {
        match services.flows.plan_firings().await {
            Ok(_) => services.turns.succeeded(Turn::Schedules),
            Err(error) => tracing::warn!(%error, "planning the firings of schedules failed, retrying"),
        }
        tokio::time::sleep(PLANNING_INTERVAL).await;
    }
}

/// Restores the queues when this process becomes the leader and whenever Redis was emptied, and reconciles at an
/// interval. The other processes only wait to become the leader.
async fn maintain(services: &Services, company: Company) {
    let mut leadership = services.stores.pg.leadership(Task::Housekeeping);
    // The first time, nothing runs that was running before.
    let mut first = match company {
        Company::Alone => Thoroughness::Alone,
        Company::Others => Thoroughness::Emptied,
    };
    let mut swept: Option<Instant> = None;
    loop {
        let done = take_turn(services, &mut leadership, swept, first).await;
        if done.is_ok() {
            services.turns.succeeded(Turn::Housekeeping);
        }
        match done {
            Ok(Done::Follower) => swept = None,
            Ok(Done::Idle) => {}
            Ok(Done::Swept) => {
                swept = Some(Instant::now());
                first = Thoroughness::Emptied;
            }
            Err(error) => {
                warn(&*error);
                // What was not finished is done again, whatever the marker says.
                swept = None;
            }
        }
        tokio::time::sleep(PULSE).await;
    }
}

/// What a turn did.
enum Done {
    /// Another process leads.
    Follower,
    /// Nothing was to be done.
    Idle,
    Swept,
}

/// `swept` is the last time that this leader restored the queues or reconciled.
async fn take_turn(
    services: &Services,
    leadership: &mut Leadership,
    swept: Option<Instant>,
    first: Thoroughness,
) -> Result<Done, Box<dyn Coded>> {
    if !leadership.hold().await.map_err(boxed)? {
        return Ok(Done::Follower);
    }
    let Some(swept) = swept else {
        restore(services, first).await?;
        return Ok(Done::Swept);
    };
    if services.queues.was_emptied().await.map_err(boxed)? {
        tracing::warn!("the queues were emptied; their jobs are being restored");
        restore(services, Thoroughness::Emptied).await?;
        return Ok(Done::Swept);
    }
    if swept.elapsed() < SWEEP {
        return Ok(Done::Idle);
    }
    sweep(services, Thoroughness::Regular).await?;
    Ok(Done::Swept)
}

async fn restore(services: &Services, thoroughness: Thoroughness) -> Result<(), Box<dyn Coded>> {
    // First: if the queues are emptied meanwhile, the next check finds no marker.
    services.queues.mark().await.map_err(boxed)?;
    if thoroughness == Thoroughness::Alone {
        services.executions.release_all().await.map_err(boxed)?;
        services.generations.recover_exclusive().await.map_err(boxed)?;
    }
    sweep(services, thoroughness).await
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
