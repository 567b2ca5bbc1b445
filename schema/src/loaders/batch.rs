//! A batch of keys of one type.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{Caller, Key};
use crate::errors::{ApiError, Result};

/// Keys that are loaded together, and then their values.
pub(super) struct Batch<K: Key>(Mutex<State<K>>);

struct State<K: Key> {
    /// The slot of each key.
    slots: HashMap<K, usize>,
    /// The number of fields that wait for each slot.
    fields: Vec<usize>,
    /// Whether the keys are being loaded, so that none can be added.
    started: bool,
    /// The values of the slots. A field takes its value, or a copy while others wait for it.
    values: Option<Result<Vec<Option<K::Value>>>>,
    wakers: Vec<Waker>,
}

impl<K: Key> Default for Batch<K> {
    fn default() -> Self {
        Self(Mutex::new(State {
            slots: HashMap::new(),
            fields: Vec::new(),
            started: false,
            values: None,
            wakers: Vec::new(),
        }))
    }
}

impl<K: Key> Batch<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.state().values.is_some()
    }

    /// Whether the batch will have the value of a key.
    pub(super) fn takes(&self, key: &K) -> bool {
        let state = self.state();
        !state.started || (state.values.is_none() && state.slots.contains_key(key))
    }

    /// Adds a field that waits for a key.
    pub(super) fn add(self: Arc<Self>, key: K) -> Loading<K> {
        let mut state = self.state();
        let State { slots, fields, .. } = &mut *state;
        let slot = *slots.entry(key).or_insert_with(|| {
            fields.push(0);
            fields.len() - 1
        });
        fields[slot] += 1;
        drop(state);
        Loading(Ok(Place { batch: self, slot }))
    }

    /// Loads the keys.
    pub(super) async fn run(self: Arc<Self>, caller: Arc<Caller>) {
        let keys: Vec<K> = {
            let mut state = self.state();
            state.started = true;
            state.slots.keys().cloned().collect()
        };
        let loaded = K::load(&caller, &keys).await;
        let mut state = self.state();
        let slots = std::mem::take(&mut state.slots);
        state.values = Some(loaded.map_err(|error| Arc::new(error).into()).map(|mut found| {
            let mut values = Vec::new();
            values.resize_with(slots.len(), || None);
            for (key, slot) in slots {
                values[slot] = found.remove(&key);
            }
            values
        }));
        for waker in std::mem::take(&mut state.wakers) {
            waker.wake();
        }
    }
}

/// Waits for the value of a key.
pub(crate) struct Loading<K: Key>(Result<Place<K>>);

/// The place of a value in a batch.
struct Place<K: Key> {
    batch: Arc<Batch<K>>,
    slot: usize,
}

impl<K: Key> Loading<K> {
    /// Is ready, with an error.
    pub(super) fn refused(error: ApiError) -> Self {
        Self(Err(error))
    }
}

impl<K: Key> Future for Loading<K> {
    type Output = Result<Option<K::Value>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Place { batch, slot } = match &self.0 {
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
        fields[*slot] -= 1;
        let value = &mut values[*slot];
        Poll::Ready(Ok(if fields[*slot] == 0 { value.take() } else { value.clone() }))
    }
}
