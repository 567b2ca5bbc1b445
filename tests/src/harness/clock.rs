//! The clock of the server, which tests advance, and limits of the real time that tests wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, Interval, MissedTickBehavior};
use triptych_server::services::clock::Clock;

/// How long tests wait for what must happen: longer than it takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The clock of a server. It runs, and can be advanced.
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    ahead_ms: Arc<AtomicU64>,
}

impl ManualClock {
    /// Advances the clock.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).expect("a number of milliseconds");
        self.ahead_ms.fetch_add(by, Ordering::SeqCst);
    }

    /// The clock to inject into the server.
    pub fn injected(&self) -> Clock {
        let ahead_ms = self.ahead_ms.clone();
        Clock::ahead(move || Duration::from_millis(ahead_ms.load(Ordering::SeqCst)))
    }
}

/// Polls for a state of which clients are not notified, such as the content of a queue.
pub struct Attempts {
    ticks: Interval,
    deadline: Instant,
}

/// Polls at short intervals, up to a time limit.
pub fn attempts(patience: Duration) -> Attempts {
    let mut ticks = tokio::time::interval(Duration::from_millis(25));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Attempts { ticks, deadline: Instant::now() + patience }
}

impl Attempts {
    /// Waits for the next attempt; the first is immediate. False after the time limit.
    pub async fn next(&mut self) -> bool {
        self.ticks.tick().await;
        Instant::now() < self.deadline
    }
}
