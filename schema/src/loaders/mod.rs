//! The data loaders of a request: fields that need values of the same kind get them from one batch.
//!
//! The executor is polled until every field waits. Then the batches start, each with all ids that the fields have
//! requested, and run in the task of the request. So there is no timer that collects ids, no other thread that could
//! start a batch early, and the number of batches does not depend on time. An id that a running batch
//! loads for another field is not loaded again. Values are not kept after the batch, because a mutation may change them.

mod batch;

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
use tokio::task::coop;
use triptych_services::{Services, access::Actor, error::ServiceError};

use self::batch::Batch;
pub(crate) use self::batch::Loading;
use crate::errors::ApiError;

/// The caller of a request. Loaders return only what the caller may see.
pub(crate) struct Caller {
    pub(crate) actor: Arc<Actor>,
    pub(crate) services: Arc<Services>,
}

/// Loads one kind of value for several ids at once. Its fields are what the ids have in common, such as the arguments
/// of a page; equal loaders share a batch.
pub(crate) trait Loader: PartialEq + Send + Sync + 'static {
    type Id: Copy + Eq + Hash + Send + Sync + 'static;
    type Value: Clone + Send + 'static;

    /// Loads the values of different ids. Values that do not exist, or that the caller may not see, are absent.
    fn load(&self, caller: &Caller, ids: &[Self::Id]) -> impl Future<Output = Loaded<Self>> + Send;
}

/// The result of [`Loader::load`].
pub(crate) type Loaded<L> = Result<HashMap<<L as Loader>::Id, <L as Loader>::Value>, ServiceError>;

/// The maximum number of batches of a request that run at the same time. Each may use a connection to a database.
const MAX_RUNNING: usize = 8;

/// The loaders of one request.
pub(crate) struct Loaders {
    /// Absent if nobody is signed in.
    caller: Option<Arc<Caller>>,
    batches: Mutex<Batches>,
}

#[derive(Default)]
struct Batches {
    /// Batches without values yet, each of a type `Batch<L>`.
    known: Vec<Arc<dyn Any + Send + Sync>>,
    /// Batches that have not started.
    waiting: Vec<BoxFuture<'static, ()>>,
}

impl Loaders {
    pub(crate) fn new(caller: Option<Caller>) -> Self {
        Self { caller: caller.map(Arc::new), batches: Mutex::default() }
    }

    /// Loads a value in one batch with those that sibling fields request.
    pub(crate) fn load<L: Loader>(&self, loader: L, id: L::Id) -> Loading<L> {
        let Some(caller) = &self.caller else { return Loading::refused(ApiError::signed_out()) };
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        let Batches { known, waiting } = &mut *batches;
        known.retain(|batch| batch.downcast_ref::<Batch<L>>().is_none_or(|batch| !batch.is_loaded()));
        let mut same = known.iter().filter_map(|batch| Arc::clone(batch).downcast::<Batch<L>>().ok());
        if let Some(batch) = same.find(|batch| batch.takes(&loader, id)) {
            return batch.add(id);
        }
        let batch = Arc::new(Batch::new(loader));
        known.push(Arc::<Batch<L>>::clone(&batch));
        waiting.push(Arc::clone(&batch).run(Arc::clone(caller)).boxed());
        batch.add(id)
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
            // The fields may not all wait: some yield, and have not requested their ids yet.
            if !coop::has_budget_remaining() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
            let starting = batches.waiting.len().min(MAX_RUNNING - running.len());
            running.extend(batches.waiting.drain(..starting));
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
