//! The number of items of a list.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;

use crate::error::StoreError;

type Count = dyn Fn() -> BoxFuture<'static, Result<u64, StoreError>> + Send + Sync;

/// The number of items of the whole list, which is counted only on request.
#[derive(Clone)]
pub enum Total {
    Known(u64),
    Counted(Arc<Count>),
}

impl Total {
    pub(super) fn counted<F>(count: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<u64, StoreError>> + Send + 'static,
    {
        Self::Counted(Arc::new(move || Box::pin(count())))
    }

    /// Counts the items, unless the number is known.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn get(&self) -> Result<u64, StoreError> {
        match self {
            Self::Known(total) => Ok(*total),
            Self::Counted(count) => count().await,
        }
    }
}

impl fmt::Debug for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(total) => write!(f, "Known({total})"),
            Self::Counted(_) => f.write_str("Counted"),
        }
    }
}
