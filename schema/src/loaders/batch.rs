//! A batch of ids of one loader.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{Caller, Loader};
use crate::errors::{ApiError, Result};

/// Ids that are loaded together, and then their values.
pub(super) struct Batch<L: Loader> {
    loader: L,
    state: Mutex<State<L>>,
}

struct State<L: Loader> {
    /// The different ids, in the order in which they were requested.
    ids: Vec<L::Id>,
    /// The position of each id in the list.
    positions: HashMap<L::Id, usize>,
    /// The number of fields that wait for each id. Fields that were dropped, because another field failed, do not.
    fields: Vec<usize>,
    /// Whether the ids are being loaded, so that none can be added.
    started: bool,
    /// The values of the ids. A field takes its value, or a copy while others wait for it.
    values: Option<Result<Vec<Option<L::Value>>>>,
    wakers: Vec<Waker>,
}

impl<L: Loader> Batch<L> {
    pub(super) fn new(loader: L) -> Self {
        let state = State {
            ids: Vec::new(),
            positions: HashMap::new(),
            fields: Vec::new(),
            started: false,
            values: None,
            wakers: Vec::new(),
        };
        Self { loader, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State<L>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.state().values.is_some()
    }

    /// Whether a field can get the value of an id from this batch: it has not started, or another field waits for the
    /// id. A running batch for which no field waits may have been started before a mutation.
    pub(super) fn takes(&self, loader: &L, id: L::Id) -> bool {
        let state = self.state();
        let open = if state.started {
            let position = state.positions.get(&id);
            state.values.is_none() && position.is_some_and(|position| state.fields[*position] > 0)
        } else {
            true
        };
        open && self.loader == *loader
    }

    /// Adds a field that waits for an id.
    pub(super) fn add(self: Arc<Self>, id: L::Id) -> Loading<L> {
        let mut state = self.state();
        let State { ids, positions, fields, .. } = &mut *state;
        let position = *positions.entry(id).or_insert_with(|| {
            ids.push(id);
            fields.push(0);
            ids.len() - 1
        });
        fields[position] += 1;
        drop(state);
        Loading(Ok(Place { batch: self, position }))
    }

    /// Loads the ids.
    pub(super) async fn run(self: Arc<Self>, caller: Arc<Caller>) {
        let ids = {
            let mut state = self.state();
            state.started = true;
            std::mem::take(&mut state.ids)
        };
        let loaded = self.loader.load(&caller, &ids).await;
        let mut state = self.state();
        state.values = Some(match loaded {
            Ok(mut found) => Ok(ids.iter().map(|id| found.remove(id)).collect()),
            Err(error) => Err(Arc::new(error).into()),
        });
        for waker in std::mem::take(&mut state.wakers) {
            waker.wake();
        }
    }
}

/// Waits for the value of an id.
pub(crate) struct Loading<L: Loader>(Result<Place<L>>);

/// The place of a value in a batch.
struct Place<L: Loader> {
    batch: Arc<Batch<L>>,
    position: usize,
}

impl<L: Loader> Drop for Place<L> {
    fn drop(&mut self) {
        self.batch.state().fields[self.position] -= 1;
    }
}

impl<L: Loader> Loading<L> {
    /// Is ready, with an error.
    pub(super) fn refused(error: ApiError) -> Self {
        Self(Err(error))
    }
}

impl<L: Loader> Future for Loading<L> {
    type Output = Result<Option<L::Value>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Place { batch, position } = match &self.0 {
            Ok(place) => place,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let mut state = batch.state();
        let State { values, fields, wakers, .. } = &mut *state;
        let values = match values {
            Some(Ok(values)) => values,
            Some(Err(error)) => return Poll::Ready(Err(error.clone())),
            None => {
                // Most fields of a request have the same waker.
                if !wakers.last().is_some_and(|last| last.will_wake(cx.waker())) {
                    wakers.push(cx.waker().clone());
                }
                return Poll::Pending;
            }
        };
        let value = &mut values[*position];
        Poll::Ready(Ok(if fields[*position] == 1 { value.take() } else { value.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{super::Loaded, *};

    /// Loads the items of a page.
    #[derive(PartialEq)]
    struct Items {
        page: u32,
    }

    impl Loader for Items {
        type Id = u32;
        type Value = u32;

        async fn load(&self, _: &Caller, _: &[u32]) -> Loaded<Self> {
            Ok(HashMap::new())
        }
    }

    #[test]
    fn a_running_batch_takes_only_ids_that_a_field_waits_for() {
        let batch = Arc::new(Batch::new(Items { page: 1 }));
        let takes = |page, id| batch.takes(&Items { page }, id);
        let (first, again, other) = (batch.clone().add(1), batch.clone().add(1), batch.clone().add(2));
        assert!(takes(1, 3) && !takes(2, 3));
        assert_eq!(batch.state().ids, [1, 2]);
        batch.state().started = true;
        assert!(takes(1, 1) && takes(1, 2) && !takes(1, 3) && !takes(2, 1));
        drop((first, other));
        assert!(takes(1, 1) && !takes(1, 2));
        drop(again);
        assert!(!takes(1, 1));
    }
}
