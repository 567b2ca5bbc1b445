//! The data loaders of a request: fields that need values of the same kind get them from one batch.
//!
//! The executor is polled until every field waits. Then the batches start, each with all keys that the fields have
//! requested, and run in the task of the request. So there is no timer that collects keys, no other thread that could
//! start a batch early, and the number of batches does not depend on time. A key that a running batch loads is not
//! loaded again. Values are not kept after the batch, because a mutation may change them.

mod batch;
mod group;

use std::{
    any::Any,
    collections::HashMap,
    future::{Future, poll_fn},
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::BoxFuture,
    stream::{self, FuturesUnordered},
};
use triptych_services::{Services, access::Actor, error::ServiceError};

use self::batch::Batch;
pub(crate) use self::{
    batch::Loading,
    group::{Group, LoadedGroup, Of},
};
use crate::errors::ApiError;

/// The caller of a request. Loaders return only what the caller may see.
pub(crate) struct Caller {
    pub(crate) actor: Arc<Actor>,
    pub(crate) services: Arc<Services>,
}

/// The key of a value that is loaded in batches. The type of the key determines the loader.
pub(crate) trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    type Value: Clone + Send + 'static;

    /// Loads the values of different keys; those that do not exist, or that the caller may not see, are absent.
    fn load(caller: &Caller, keys: &[Self]) -> impl Future<Output = Loaded<Self>> + Send;
}

/// The result of [`Key::load`].
pub(crate) type Loaded<K> = Result<HashMap<K, <K as Key>::Value>, ServiceError>;

/// The loaders of one request.
pub(crate) struct Loaders {
    /// Absent if nobody is signed in.
    caller: Option<Arc<Caller>>,
    batches: Mutex<Batches>,
}

#[derive(Default)]
struct Batches {
    /// Batches without values yet, each of a type `Batch<K>`.
    known: Vec<Arc<dyn Any + Send + Sync>>,
    /// Batches that have not started.
    waiting: Vec<BoxFuture<'static, ()>>,
}

impl Loaders {
    pub(crate) fn new(caller: Option<Caller>) -> Self {
        Self { caller: caller.map(Arc::new), batches: Mutex::default() }
    }

    /// Loads a value in one batch with those that sibling fields request.
    pub(crate) fn load<K: Key>(&self, key: K) -> Loading<K> {
        let Some(caller) = &self.caller else { return Loading::refused(ApiError::signed_out()) };
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let Batches { known, waiting } = &mut *batches;
        known.retain(|batch| batch.downcast_ref::<Batch<K>>().is_none_or(|batch| !batch.is_loaded()));
        let mut same = known.iter().filter_map(|batch| Arc::clone(batch).downcast::<Batch<K>>().ok());
        if let Some(batch) = same.find(|batch| batch.takes(&key)) {
            return batch.add(key);
        }
        let batch = Arc::new(Batch::default());
        known.push(Arc::<Batch<K>>::clone(&batch));
        waiting.push(Arc::clone(&batch).run(Arc::clone(caller)).boxed());
        batch.add(key)
    }

    /// Runs a request and its batches.
    pub(crate) async fn run<T>(&self, request: impl Future<Output = T>) -> T {
        let mut request = pin!(request);
        let mut running = FuturesUnordered::new();
        poll_fn(|cx| self.poll(cx, &mut running, |cx| request.as_mut().poll(cx))).await
    }

    /// Runs a stream of responses and their batches.
    pub(crate) fn run_stream<T>(
        self: Arc<Self>,
        mut responses: impl Stream<Item = T> + Unpin,
    ) -> impl Stream<Item = T> {
        let mut running = FuturesUnordered::new();
        stream::poll_fn(move |cx| self.poll(cx, &mut running, |cx| responses.poll_next_unpin(cx)))
    }

    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        running: &mut FuturesUnordered<BoxFuture<'static, ()>>,
        mut request: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            if let Poll::Ready(response) = request(cx) {
                return Poll::Ready(response);
            }
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            running.extend(batches.waiting.drain(..));
            drop(batches);
            let mut completed = false;
            while let Poll::Ready(Some(())) = running.poll_next_unpin(cx) {
                completed = true;
            }
            if !completed {
                return Poll::Pending;
            }
        }
    }
}
