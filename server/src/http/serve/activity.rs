//! The requests of a connection, to know when it is overdue.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::http::addresses::AddressPlace;

/// The requests of a connection, whatever their protocol. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Requests that are in progress.
    running: usize,
    /// The time until which the next request must have arrived.
    deadline: Instant,
    /// Time between two requests.
    idle: Duration,
}

impl Activity {
    /// A connection whose first request must arrive within `head`, and every further one within `idle` after the end of
    /// the last response.
    pub(super) fn new(head: Duration, idle: Duration) -> Self {
        Self(Arc::new(Mutex::new(State { running: 0, deadline: Instant::now() + head, idle })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request until the returned value is dropped.
    pub(super) fn begin(&self) -> Running {
        self.state().running += 1;
        Running(self.clone())
    }

    /// Waits until no request is in progress and none has arrived in time. Bytes of an incomplete request do not count.
    pub(super) async fn overdue(&self) {
        loop {
            let wait = {
                let state = self.state();
                if state.running > 0 { Instant::now() + state.idle } else { state.deadline }
            };
            if wait <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(wait).await;
        }
    }
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct Running(Activity);

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        state.deadline = Instant::now() + state.idle;
    }
}

/// The body of a response, at whose end the request ends.
pub(super) struct Tracked {
    body: Body,
    _held: (Running, Option<Arc<AddressPlace>>),
}

impl Tracked {
    /// The place of the client, if it is counted for the request, is released with the body.
    pub(super) fn new(body: Body, running: Running, of_client: Option<Arc<AddressPlace>>) -> Self {
        Self { body, _held: (running, of_client) }
    }
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Duration = Duration::from_millis(40);
    const IDLE: Duration = Duration::from_millis(120);

    #[tokio::test]
    async fn a_connection_is_overdue_without_a_request() {
        let begun = Instant::now();
        let activity = Activity::new(HEAD, IDLE);
        activity.overdue().await;
        assert!(begun.elapsed() >= HEAD);
        drop(activity.begin());
        let begun = Instant::now();
        activity.overdue().await;
        assert!(begun.elapsed() + Duration::from_millis(5) >= IDLE, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_connection_is_not_overdue_during_a_request() {
        let activity = Activity::new(HEAD, HEAD);
        let running = activity.begin();
        assert!(tokio::time::timeout(IDLE, activity.overdue()).await.is_err());
        drop(running);
        activity.overdue().await;
    }
}
