//! The removal of a deleted object.

use async_graphql::{Enum, ID, Object};
use chrono::{DateTime, Utc};
use triptych_entities::{ids::DeletionId, relational::deletion};

use crate::{
    loaders::Caller,
    node::{Fetched, NodeType},
    output::Id,
    selection::Columnar,
};

/// The status of a deletion.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeletionStatus {
    /// The object is hidden, and what belongs to it is being removed.
    Running,
    /// Everything is removed.
    Completed,
}

pub struct Deletion(pub(crate) deletion::Model);

impl Columnar for Deletion {
    type Row = deletion::Model;
    const READS: &'static [(&'static str, &'static [&'static str])] =
        &[("deletedId", &["subject", "subject_id"]), ("status", &["finished_at"])];
}

/// The removal of a deleted object in the background. The object and all that belongs to it are hidden from the beginning.
#[Object(crate = "crate::output")]
impl Deletion {
    /// `deletion_…`
    fn id(&self) -> Id<DeletionId> {
        Id(self.0.id)
    }

    /// The id of the deleted object.
    fn deleted_id(&self) -> ID {
        ID(self.0.deleted_id())
    }

    /// Whether everything is removed.
    fn status(&self) -> DeletionStatus {
        if self.0.finished_at.is_some() { DeletionStatus::Completed } else { DeletionStatus::Running }
    }

    /// The number of objects that have to be removed, such as the executions of a flow; null until they are counted.
    fn total(&self) -> Option<i32> {
        self.0.total.map(crate::feed::int)
    }

    /// The number of objects that have been removed.
    fn removed(&self) -> i32 {
        crate::feed::int(self.0.removed)
    }

    /// When it was requested.
    fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When everything was removed; null until then.
    fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
}

impl NodeType for Deletion {
    type Id = DeletionId;
    type Row = deletion::Model;
    const NOUN: &'static str = "deletion";

    async fn fetch(caller: &Caller, ids: &[DeletionId]) -> Fetched<Self::Row> {
        caller.services.deletions.by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> DeletionId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        Self(row)
    }
}
