//! Work that takes long without waiting: parsing and validating large documents, and introspection. It blocks its
//! thread, so the other tasks of the thread continue on another one.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    thread::available_parallelism,
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::block_in_place,
};

/// The permits for heavy work in this process, as many as it has processors.
#[derive(Clone)]
pub(crate) struct Heavy(Arc<Semaphore>);

impl Heavy {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))))
    }

    /// Runs a function that takes long.
    pub(crate) async fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let _permit = self.0.acquire().await;
        in_place(work)
    }

    /// Awaits a future that takes long until it waits for the first time.
    pub(crate) async fn begin<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let permit = self.0.acquire().await;
        let first = poll_fn(|cx| Poll::Ready(in_place(|| future.as_mut().poll(cx)))).await;
        drop(permit);
        match first {
            Poll::Ready(output) => output,
            Poll::Pending => future.await,
        }
    }
}

/// Runs a function while the other tasks of the thread continue on another one, if the runtime has several threads.
fn in_place<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) { block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn other_tasks_run_meanwhile() {
        let heavy = Heavy::new();
        let (sent, received) = mpsc::channel();
        let working = tokio::spawn(async move {
            let other = async move { received.recv_timeout(Duration::from_secs(10)) };
            (heavy.begin(other).await, heavy.run(|| 2).await)
        });
        // On the only thread of the runtime, so that it runs after the other task began.
        let sending = tokio::spawn(async move { sent.send(1) });
        sending.await.unwrap().unwrap();
        assert_eq!(working.await.unwrap(), (Ok(1), 2));
    }

    #[tokio::test]
    async fn a_runtime_with_one_thread_does_the_work_itself() {
        let heavy = Heavy::new();
        assert_eq!(heavy.run(|| 1).await, 1);
        assert_eq!(heavy.begin(async { tokio::task::yield_now().await }).await, ());
    }
}
