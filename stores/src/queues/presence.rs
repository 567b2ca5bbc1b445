//! Detects lost jobs: whether Redis was emptied, and which jobs a queue does not contain.

use std::time::Duration;

use triptych_entities::payloads::job::Queue;

use super::Queues;
use crate::{clock::Clock, error::StoreError};

/// Time after which a delayed job that is due should have been moved.
const SETTLED: Duration = Duration::from_secs(2);

/// For each job, whether it will never run: the queue does not contain it, or it is finished.
pub type Missing = Vec<bool>;

impl Queues {
    fn marker(&self) -> String {
        self.stores.key("alive")
    }

    /// Whether Redis lost its data since [`Queues::mark`]: it was flushed, or restarted without persistence.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn was_emptied(&self) -> Result<bool, StoreError> {
        let exists: bool =
            redis::cmd("EXISTS").arg(self.marker()).query_async(&mut self.stores.queue.clone()).await?;
        Ok(!exists)
    }

    /// Records in Redis that the queues are complete.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn mark(&self) -> Result<(), StoreError> {
        redis::cmd("SET").arg(self.marker()).arg(1).exec_async(&mut self.stores.queue.clone()).await?;
        Ok(())
    }

    /// The number of jobs of each queue that are ready to run, in the order of [`Queue::ALL`].
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn ready(&self) -> Result<Vec<u64>, StoreError> {
        // Scores of delayed jobs are milliseconds, shifted for a counter. Workers move what is due.
        let due = (Clock::system().now() - SETTLED).timestamp_millis() << 12;
        let mut pipeline = redis::pipe();
        for queue in Queue::ALL {
            let queue = format!("{}:{}", self.bull_prefix, queue.name());
            pipeline.llen(format!("{queue}:wait")).zcard(format!("{queue}:prioritized"));
            pipeline.zcount(format!("{queue}:delayed"), 0, due);
        }
        let counts: Vec<u64> = pipeline.query_async(&mut self.stores.queue.clone()).await?;
        Ok(counts.chunks(3).map(|counts| counts.iter().sum()).collect())
    }

    /// For each id, whether the queue contains no job with it that is still to run.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn missing(&self, queue: Queue, ids: &[String]) -> Result<Missing, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = redis::pipe();
        for id in ids {
            let key = format!("{}:{}:{id}", self.bull_prefix, queue.name());
            pipeline.cmd("HMGET").arg(key).arg("timestamp").arg("finishedOn");
        }
        let jobs: Vec<(Option<String>, Option<String>)> =
            pipeline.query_async(&mut self.stores.queue.clone()).await?;
        Ok(jobs.into_iter().map(|(added, finished)| added.is_none() || finished.is_some()).collect())
    }
}
