//! The unique indexes as a condition of writes: nothing is inserted before they exist.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::Indexes;
use crate::error::{Code, Coded as _, StoreError};

/// Holds inserts back until the unique indexes exist. Without them, concurrent calls with one idempotency key would
/// insert several documents.
#[derive(Clone)]
pub struct UniqueRules {
    indexes: Indexes,
    hold: Arc<OnceCell<()>>,
}

impl UniqueRules {
    pub(crate) fn new(db: mongodb::Database) -> Self {
        Self { indexes: Indexes::new(db), hold: Arc::default() }
    }

    /// Creates the unique indexes at the first call; later calls return at once. Of concurrent callers one creates them
    /// and the others wait. An index that cannot be built because stored documents violate it is logged, and does not
    /// hold inserts back; `triptych doctor` reports it.
    ///
    /// # Errors
    /// If `MongoDB` does not answer; the next call tries again.
    pub async fn ensure(&self) -> Result<(), StoreError> {
        let create = || async {
            match self.indexes.ensure_unique().await {
                Err(error) if error.code() == Code::Unavailable => Err(error),
                // Each index that cannot be built is logged where it is created.
                Ok(()) | Err(_) => Ok(()),
            }
        };
        self.hold.get_or_try_init(create).await.copied()
    }
}
