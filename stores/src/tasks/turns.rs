//! When the tasks of this process that repeat last succeeded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Interval at which [`Turns::watch`] looks for tasks that do not succeed.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// A task that repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Moves jobs from the outbox to the queues.
    Relay,
    /// Restores lost jobs, or finds that another process does.
    Housekeeping,
    /// Plans the firings of schedules.
    Schedules,
    /// Renews the leases of running steps.
    Leases,
}

impl Turn {
    /// The name in health, metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Housekeeping => "housekeeping",
            Self::Schedules => "schedules",
            Self::Leases => "leases",
        }
    }

    /// Time without success from which a task is late: several intervals, and the time limit of a statement.
    #[must_use]
    pub fn limit(self) -> Duration {
        match self {
            Self::Relay | Self::Schedules => Duration::from_secs(20),
            Self::Leases => Duration::from_secs(25),
            Self::Housekeeping => Duration::from_mins(1),
        }
    }
}

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnState {
    pub turn: Turn,
    /// Time since it last succeeded, or was started.
    pub idle: Duration,
    /// Whether that is too long.
    pub late: bool,
}

/// The tasks of this process.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<BTreeMap<Turn, Instant>>>);

impl Turns {
    /// Records that a task is started, or that it has succeeded.
    pub fn succeeded(&self, turn: Turn) {
        self.all().insert(turn, Instant::now());
    }

    /// The states of the tasks that this process runs.
    #[must_use]
    pub fn states(&self) -> Vec<TurnState> {
        self.states_at(Instant::now())
    }

    fn states_at(&self, now: Instant) -> Vec<TurnState> {
        let state = |(turn, last): (&Turn, &Instant)| {
            let idle = now.saturating_duration_since(*last);
            TurnState { turn: *turn, idle, late: idle > turn.limit() }
        };
        self.all().iter().map(state).collect()
    }

    /// Logs tasks that become late and tasks that succeed again, until `stop` is cancelled.
    pub async fn watch(&self, stop: CancellationToken) {
        let mut late: Vec<Turn> = Vec::new();
        while stop.run_until_cancelled(tokio::time::sleep(WATCH_INTERVAL)).await.is_some() {
            for TurnState { turn, idle, late: is_late } in self.states() {
                let was_late = late.contains(&turn);
                if is_late && !was_late {
                    tracing::error!(
                        task = turn.name(),
                        seconds = idle.as_secs(),
                        "a background task does not succeed"
                    );
                    late.push(turn);
                } else if was_late && !is_late {
                    tracing::info!(task = turn.name(), "a background task succeeds again");
                    late.retain(|other| *other != turn);
                }
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Turn, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_is_late_until_it_succeeds() {
        let turns = Turns::default();
        assert_eq!(turns.states(), []);
        turns.succeeded(Turn::Relay);
        turns.succeeded(Turn::Housekeeping);
        let later = Instant::now() + Duration::from_secs(21);
        let late: Vec<_> = turns.states_at(later).iter().map(|state| (state.turn, state.late)).collect();
        assert_eq!(late, [(Turn::Relay, true), (Turn::Housekeeping, false)]);
        turns.succeeded(Turn::Relay);
        assert!(turns.states().iter().all(|state| !state.late));
    }
}
