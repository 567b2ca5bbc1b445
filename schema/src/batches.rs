//! Runs the batches of the data loaders in the task of their request.
//!
//! The executor is polled until every field waits; then the batches that the fields have requested start, with all
//! keys of that level. Batches need no timer to collect keys, and another worker thread cannot start one early.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::runtime::Timer;
use futures::{
    FutureExt as _, Stream, StreamExt as _,
    future::{BoxFuture, ready},
    stream::{self, FuturesUnordered},
    task::{FutureObj, Spawn, SpawnError},
};

/// The batches of a request that have been requested and have not started.
#[derive(Clone, Default)]
pub(crate) struct Batches(Arc<Mutex<Vec<FutureObj<'static, ()>>>>);

impl Spawn for Batches {
    fn spawn_obj(&self, batch: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        Ok(())
    }
}

/// The timer of the loaders: a batch starts when it is polled for the first time.
pub(crate) struct Immediately;

impl Timer for Immediately {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        ready(()).boxed()
    }
}

impl Batches {
    /// Runs a request and its batches.
    pub(crate) async fn run<T>(self, request: impl Future<Output = T>) -> T {
        let mut request = pin!(request);
        let mut running = FuturesUnordered::new();
        poll_fn(|cx| self.poll(cx, &mut running, |cx| request.as_mut().poll(cx))).await
    }

    /// Runs a stream of responses and their batches.
    pub(crate) fn run_stream<T>(self, mut responses: impl Stream<Item = T> + Unpin) -> impl Stream<Item = T> {
        let mut running = FuturesUnordered::new();
        stream::poll_fn(move |cx| self.poll(cx, &mut running, |cx| responses.poll_next_unpin(cx)))
    }

    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        running: &mut FuturesUnordered<FutureObj<'static, ()>>,
        mut request: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            if let Poll::Ready(response) = request(cx) {
                return Poll::Ready(response);
            }
            running.extend(std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)));
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

#[cfg(test)]
mod tests {
    use std::{
        collections::HashMap,
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use async_graphql::dataloader::{DataLoader, Loader};
    use futures::future::join_all;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Loader<usize> for Counted {
        type Value = usize;
        type Error = Infallible;

        async fn load(&self, keys: &[usize]) -> Result<HashMap<usize, usize>, Infallible> {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(keys.iter().map(|key| (*key, key * 2)).collect())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_level_is_one_batch() {
        for _ in 0..200 {
            let batches = Batches::default();
            let loader =
                DataLoader::new(Counted::default(), batches.clone(), Immediately).delay(Duration::ZERO);
            let two_levels = (0..50).map(async |key| {
                let Ok(found) = loader.load_one(key).await;
                let Ok(next) = loader.load_one(found.unwrap() + 100).await;
                next.unwrap()
            });
            let found = batches.run(join_all(two_levels)).await;
            assert_eq!(found, (0..50).map(|key| (key * 2 + 100) * 2).collect::<Vec<_>>());
            assert_eq!(loader.loader().0.load(Ordering::Relaxed), 2);
        }
    }
}
