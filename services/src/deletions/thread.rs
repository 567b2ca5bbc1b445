//! Removes what belonged to a deleted thread: its generations, then its messages with the streams of their generations.

use triptych_entities::{ids::ThreadId, relational::deletion};
use triptych_stores::error::Result;

use super::{Remover, remover::Pace};

impl Remover {
    /// Removes a batch. Repeating it after a crash continues.
    pub(super) async fn remove_thread(&self, deletion: &deletion::Model, batch: u64) -> Result<Pace> {
        let (organization, thread) = (deletion.organization_id, ThreadId(deletion.subject_id));
        // The process that accepted the deletion may have died before.
        self.threads.remove_root(organization, thread).await?;
        if deletion.total.is_none() {
            self.count(deletion.id, self.threads.count_messages(organization, thread).await?).await?;
            return Ok(Pace::Working);
        }
        if !self.generations.stop_of_thread(thread).await? {
            // A worker ends it within a fraction of a second.
            return Ok(Pace::Waiting);
        }
        let removed = self.threads.remove_messages(organization, thread, batch).await?;
        let Some(tx) = self.begin(deletion.id).await? else { return Ok(Pace::Waiting) };
        if removed > 0 {
            self.progress(&tx, deletion.id, removed).await?;
        } else {
            self.finish(&tx, deletion.id).await?;
            tracing::info!(deletion.id = %deletion.id, thread.id = %thread, "a deleted thread was removed");
        }
        tx.commit().await?;
        Ok(Pace::Working)
    }
}
