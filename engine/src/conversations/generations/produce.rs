//! Converts the stream of a model into parts and events, until it ends or the run is stopped.

use futures::StreamExt as _;
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    answer::Answer,
    keeper::Signal,
    writer::{Flushed, Writer},
};
use crate::conversations::models::{ModelError, ModelEvent, ModelStream};

/// Maximum size of the text of one response, in bytes. A MongoDB document holds 16 MB.
const MAX_SIZE: usize = 4 * 1024 * 1024;

/// How the production of a response ended.
#[derive(Debug)]
pub(super) enum Ended {
    Finished {
        reason: Option<String>,
    },
    Failed(ModelError),
    Aborted,
    /// Another worker claimed the generation.
    Lost,
    /// This process is shutting down.
    Stopped,
}

/// One run in progress.
pub(super) struct Production {
    pub(super) answer: Answer,
    pub(super) writer: Writer,
    pub(super) signal: watch::Receiver<Signal>,
    pub(super) stop: CancellationToken,
    pub(super) asked_at: Instant,
    pub(super) first_token: Option<i32>,
}

impl Production {
    pub(super) async fn run(&mut self, mut stream: ModelStream) -> Ended {
        if self.flush().await == Flushed::Fenced {
            return Ended::Lost;
        }
        let ended = loop {
            let due = self.writer.due();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break Ended::Stopped,
                signal = signalled(&mut self.signal) => break signal,
                () = until(due) => {
                    if self.flush().await == Flushed::Fenced {
                        break Ended::Lost;
                    }
                }
                event = stream.next() => match self.apply(event) {
                    Some(ended) => break ended,
                    None if self.writer.is_full() && self.flush().await == Flushed::Fenced => {
                        break Ended::Lost;
                    }
                    None => {}
                },
            }
        };
        // Dropping the stream ends the request to the provider before anything else is awaited.
        drop(stream);
        if matches!(ended, Ended::Finished { .. } | Ended::Failed(_) | Ended::Aborted) {
            let mut last = Vec::new();
            self.answer.close(&mut last);
            self.writer.push(last);
            if self.flush().await == Flushed::Fenced {
                return Ended::Lost;
            }
        }
        ended
    }

    fn apply(&mut self, event: Option<Result<ModelEvent, ModelError>>) -> Option<Ended> {
        let event = match event {
            None => return Some(Ended::Failed(ModelError::cut_off())),
            Some(Err(error)) => return Some(Ended::Failed(error)),
            Some(Ok(ModelEvent::Finish { reason })) => return Some(Ended::Finished { reason }),
            Some(Ok(event)) => event,
        };
        if !matches!(event, ModelEvent::Usage(_)) {
            let waited = self.asked_at.elapsed().as_millis();
            self.first_token.get_or_insert(i32::try_from(waited).unwrap_or(i32::MAX));
        }
        let events = self.answer.apply(event);
        self.writer.push(events);
        (self.answer.size > MAX_SIZE).then(|| {
            let message = format!("the response is longer than {MAX_SIZE} bytes");
            Ended::Failed(ModelError::permanent(ModelError::LIMIT_EXCEEDED, message))
        })
    }

    async fn flush(&mut self) -> Flushed {
        self.writer.flush(&self.answer.parts).await
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn signalled(signal: &mut watch::Receiver<Signal>) -> Ended {
    match signal.wait_for(|signal| *signal != Signal::Continue).await.map(|signal| *signal) {
        Ok(Signal::Abort) => Ended::Aborted,
        Ok(Signal::Lost | Signal::Continue) => Ended::Lost,
        // The sender lives as long as the registration of the run.
        Err(_) => std::future::pending().await,
    }
}
