//! Work that occupies a processor: the templates, transforms and regular expressions of users.
//!
//! It runs on threads of its own, so that it never delays requests and renewals of leases. A thread cannot be ended from
//! outside, so every piece of work ends by itself: loops check the [`Deadline`], and what happens between two checks is
//! bounded by fuel or by the size of its input. Organizations share the threads (`turns.rs`).

mod turns;

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;
use tokio_util::task::AbortOnDropHandle;
use triptych_entities::ids::OrganizationId;

use turns::Turns;

/// Working time of one attempt of a step. Waiting for a thread does not count.
const WORKING_TIME: Duration = Duration::from_secs(5);
/// The niceness of the threads, of 19 at most.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
/// Deeply nested values are dropped recursively.
const STACK: usize = 64 * 1_048_576;

/// The threads. Cheap to clone.
#[derive(Clone)]
pub struct Compute {
    threads: Arc<Threads>,
    turns: Arc<Turns>,
}

struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Does not wait for work that is running: it ends by itself.
            runtime.shutdown_background();
        }
    }
}

/// The working time that is left to an attempt of a step.
#[derive(Debug, Clone)]
pub struct Budget {
    organization: OrganizationId,
    spent_ns: Arc<AtomicU64>,
}

/// When a piece of work must end.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

/// The working time is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it takes more than {} s of working time", WORKING_TIME.as_secs())]
pub struct TooLong;

impl Compute {
    /// As many threads as processors, and at least two. One organization may use `share` of them while others wait; another
    /// one has a thread at once, as if it had a processor of its own.
    ///
    /// # Errors
    /// If the system refuses the resources.
    pub fn new(share: f64) -> std::io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(2, NonZero::get);
        let turns = Turns::new(processors.max(2), share);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(turns.threads())
            .thread_stack_size(STACK)
            .thread_name("compute")
            .on_thread_start(give_way)
            .build()?;
        Ok(Self { threads: Arc::new(Threads(Some(runtime))), turns: Arc::new(turns) })
    }

    /// Runs a piece of work. Work that has not begun when the future is dropped does not begin.
    ///
    /// # Panics
    /// If the work does.
    pub async fn run<T, F>(&self, budget: &Budget, work: F) -> T
    where
        T: Send + 'static,
        F: FnOnce(Deadline) -> T + Send + 'static,
    {
        let turn = self.turns.take(budget.organization).await;
        let budget = budget.clone();
        let measured = move || {
            // With the work, which runs to its end when its future is dropped.
            let _turn = turn;
            let begun = Instant::now();
            let outcome = work(Deadline(begun + budget.left()));
            budget.spend(begun.elapsed());
            outcome
        };
        let Some(runtime) = self.threads.0.as_ref() else { return std::future::pending().await };
        match AbortOnDropHandle::new(runtime.handle().spawn_blocking(measured)).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The process is ending.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Lowers the priority of this thread, so that requests and renewals of leases are served first where processors are few.
/// On Linux the niceness belongs to a thread. Without it, work only competes.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "a thread for computing keeps its priority");
    }
}

impl Budget {
    /// The whole working time, for a step of this organization.
    #[must_use]
    pub fn of(organization: OrganizationId) -> Self {
        Self { organization, spent_ns: Arc::default() }
    }

    fn left(&self) -> Duration {
        WORKING_TIME.saturating_sub(Duration::from_nanos(self.spent_ns.load(Ordering::Relaxed)))
    }

    fn spend(&self, time: Duration) {
        self.spent_ns.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2), Ordering::Relaxed);
    }
}

impl Deadline {
    /// The deadline of work that starts now, with a budget of its own.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Instant::now() + WORKING_TIME)
    }

    /// A deadline that is over.
    #[cfg(test)]
    pub(crate) fn past() -> Self {
        Self(Instant::now())
    }

    /// # Errors
    /// If the time has come.
    pub fn check(self) -> Result<(), TooLong> {
        if Instant::now() < self.0 { Ok(()) } else { Err(TooLong) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn fresh() -> Budget {
        Budget::of(OrganizationId(Uuid::nil()))
    }

    #[tokio::test]
    async fn pieces_of_work_share_a_budget() {
        let (compute, budget) = (Compute::new(0.5).unwrap(), fresh());
        assert_eq!(compute.run(&budget, Deadline::check).await, Ok(()));
        budget.spend(WORKING_TIME);
        assert_eq!(compute.run(&budget, Deadline::check).await, Err(TooLong));
        assert_eq!(compute.run(&fresh(), Deadline::check).await, Ok(()));
    }

    #[tokio::test]
    async fn work_does_not_delay_the_runtime_and_has_a_deep_stack() {
        fn depth(levels: usize) -> usize {
            let here = std::hint::black_box([levels; 64]);
            if levels == 0 { 0 } else { 1 + depth(here[0] - 1) }
        }
        let (compute, budget) = (Compute::new(0.5).unwrap(), fresh());
        let runtime = std::thread::current().id();
        let (thread, levels) = compute.run(&budget, |_| (std::thread::current().id(), depth(50_000))).await;
        assert_ne!(thread, runtime);
        assert_eq!(levels, 50_000);
    }

    #[tokio::test]
    #[should_panic(expected = "broken work")]
    async fn a_panic_reaches_the_caller() {
        let compute = Compute::new(0.5).unwrap();
        compute.run(&fresh(), |_| panic!("broken work")).await;
    }
}
