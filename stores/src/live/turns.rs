//! Limits how many subscribers of a kind read the database at once. A change of Redis or of a subject concerns all its
//! subscribers in the same moment: without a limit, each would hold the memory of a read while it waits for a
//! connection, and other work would wait behind them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Reads of one kind at once, in this process.
const AT_ONCE: usize = 32;

/// The turns by the kinds of feeds, so that one database which does not answer delays no feed of another.
#[derive(Clone, Default)]
pub(in crate::live) struct Turns(Arc<Mutex<HashMap<&'static str, Arc<Semaphore>>>>);

/// The right to read, until it is dropped.
pub struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for a turn. Subscribers take turns in the order in which they ask.
    pub(in crate::live) async fn take(&self, kind: &'static str) -> Turn {
        let turns = self.of(kind);
        // Never closed.
        Turn { _permit: turns.acquire_owned().await.ok() }
    }

    fn of(&self, kind: &'static str) -> Arc<Semaphore> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.entry(kind).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_kind_has_a_limit_of_its_own() {
        let turns = Turns::default();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(turns.take("execution").await);
        }
        assert!(turns.take("execution").now_or_never().is_none());
        assert!(turns.take("generation").now_or_never().is_some());
        taken.pop();
        assert!(turns.take("execution").now_or_never().is_some());
    }
}
