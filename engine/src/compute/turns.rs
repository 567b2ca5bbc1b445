//! Divides threads among organizations: work that finds none waits in a queue of its organization, and the organizations
//! take turns.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use triptych_entities::ids::OrganizationId;

use crate::slots::{Gate, Slot};

/// The threads, and the work that waits for one.
pub(super) struct Turns {
    gate: Arc<Gate>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// The organizations with waiting work, in the order of their turns.
    order: VecDeque<OrganizationId>,
    work: HashMap<OrganizationId, VecDeque<oneshot::Sender<Turn>>>,
}

/// The use of a thread, until it is dropped.
pub(super) struct Turn {
    /// Taken when dropped, so that the next turn finds it free.
    slot: Option<Slot>,
    turns: Arc<Turns>,
}

impl Turns {
    /// One organization may use this share of the threads while others wait.
    pub(super) fn new(threads: usize, share: f64) -> Self {
        Self { gate: Arc::new(Gate::new(threads, share)), waiting: Mutex::default() }
    }

    /// The number of threads that may be in use: those of an organization that holds less than its share come on top.
    pub(super) fn threads(&self) -> usize {
        self.gate.capacity()
    }

    /// Waits for a thread. Work whose future is dropped leaves the queue.
    pub(super) async fn take(self: &Arc<Self>, organization: OrganizationId) -> Turn {
        let turn = {
            let mut waiting = self.waiting();
            let first = !waiting.work.contains_key(&organization);
            let free = if first { enter(&self.gate, organization) } else { None };
            match free {
                Some(slot) => Ok(self.turn(slot)),
                None => Err(waiting.join(organization)),
            }
        };
        match turn {
            Ok(turn) => turn,
            Err(turn) => match turn.await {
                Ok(turn) => turn,
                // The process is ending.
                Err(_) => std::future::pending().await,
            },
        }
    }

    fn turn(self: &Arc<Self>, slot: Slot) -> Turn {
        Turn { slot: Some(slot), turns: self.clone() }
    }

    /// Gives free threads to those who wait.
    fn pass(self: &Arc<Self>) {
        loop {
            let next = self.waiting().next(&self.gate);
            let Some((slot, work)) = next else { return };
            // Work that has left the queue gives the thread back: then dropping the turn passes it on.
            let _ = work.send(self.turn(slot));
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn join(&mut self, organization: OrganizationId) -> oneshot::Receiver<Turn> {
        let (sender, receiver) = oneshot::channel();
        let queue = self.work.entry(organization).or_insert_with(|| {
            self.order.push_back(organization);
            VecDeque::new()
        });
        queue.push_back(sender);
        receiver
    }

    /// The next work that can begin, of the first organization that may use a thread. It takes its next turn after the
    /// others.
    fn next(&mut self, gate: &Arc<Gate>) -> Option<(Slot, oneshot::Sender<Turn>)> {
        for index in 0..self.order.len() {
            let organization = self.order[index];
            let Some(slot) = enter(gate, organization) else { continue };
            let _ = self.order.remove(index);
            let queue = self.work.get_mut(&organization)?;
            let work = queue.pop_front();
            if queue.is_empty() {
                self.work.remove(&organization);
            } else {
                self.order.push_back(organization);
            }
            return work.map(|work| (slot, work));
        }
        None
    }
}

fn enter(gate: &Arc<Gate>, organization: OrganizationId) -> Option<Slot> {
    if gate.is_full() { None } else { gate.enter(organization) }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.slot.take());
        self.turns.pass();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    fn organization(number: u128) -> OrganizationId {
        OrganizationId(Uuid::from_u128(number))
    }

    #[test]
    fn another_organization_has_a_thread_at_once() {
        let turns = Arc::new(Turns::new(2, 0.5));
        let own: Vec<_> = (0..2).map(|_| turns.take(organization(1)).now_or_never().unwrap()).collect();
        let mut more = Box::pin(turns.take(organization(1)));
        assert!((&mut more).now_or_never().is_none());
        let other = turns.take(organization(2)).now_or_never().unwrap();
        drop(own);
        // What the first has given back, it may use again, also while another works.
        assert!((&mut more).now_or_never().is_some());
        drop(other);
    }

    #[test]
    fn organizations_that_wait_take_turns_and_work_that_left_is_skipped() {
        let turns = Arc::new(Turns::new(1, 1.0));
        let held = [8, 9].map(|number| turns.take(organization(number)).now_or_never().unwrap());
        let mut first: Vec<_> = (0..3).map(|_| Box::pin(turns.take(organization(1)))).collect();
        let mut second = Box::pin(turns.take(organization(2)));
        assert!(first.iter_mut().all(|work| work.now_or_never().is_none()));
        assert!((&mut second).now_or_never().is_none());
        drop(first.remove(1));
        let [one, other] = held;
        drop(one);
        let begun = (&mut first[0]).now_or_never().expect("the first turn");
        drop(begun);
        // The first organization has more work, and waits for the second.
        let begun = (&mut second).now_or_never().expect("the second turn");
        assert!((&mut first[1]).now_or_never().is_none());
        drop((begun, other));
        assert!((&mut first[1]).now_or_never().is_some());
    }
}
