//! Panics of tasks. A panic ends what was under way, and nothing else.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;

/// Pause before a task that panicked is started again.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// The message of a panic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it panicked: {0}")]
pub struct Panicked(String);

/// Runs a future, and returns a panic as an error.
///
/// # Errors
/// If the future panics. What it held is released as its values are dropped.
pub async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|payload| Panicked(message(&*payload)))
}

/// Runs a task until it ends by itself. A task that panics is started again.
pub async fn supervise<F: Future<Output = ()>>(name: &'static str, mut start: impl FnMut() -> F) {
    while let Err(error) = caught(async { start().await }).await {
        tracing::error!(%error, task = name, "a background task is started again");
        tokio::time::sleep(RESTART_DELAY).await;
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_releases_what_was_held() {
        let lock = tokio::sync::Mutex::new(());
        let error = caught(async {
            let _held = lock.lock().await;
            tokio::task::yield_now().await;
            assert_eq!(1, 2, "numbers");
        });
        let error = error.await.unwrap_err();
        assert!(error.to_string().contains("numbers"), "{error}");
        assert!(lock.try_lock().is_ok());
        assert_eq!(caught(async { 3 }).await, Ok(3));
    }

    #[tokio::test]
    async fn a_task_that_panics_is_started_again_until_it_ends() {
        let starts = AtomicUsize::new(0);
        supervise("test", || async {
            assert!(starts.fetch_add(1, Ordering::SeqCst) >= 1, "not yet");
        })
        .await;
        assert_eq!(starts.load(Ordering::SeqCst), 2);
    }
}
