//! An object that is removed in the background, with all that belongs to it.

use sea_orm::entity::prelude::*;

use crate::{
    access,
    ids::{DeletionId, FlowId, OrganizationId, ThreadId, UserId},
    relational::tenanted::{Ownership, Tenanted},
};

/// The kind of a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    #[default]
    Flow,
    Thread,
    Organization,
    Account,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deletions", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeletionId,
    pub organization_id: OrganizationId,
    /// Absent after the user was deleted.
    pub requested_by: Option<UserId>,
    pub subject: Subject,
    pub subject_id: Uuid,
    /// The objects to remove, counted when the work began.
    pub total: Option<i64>,
    pub removed: i64,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    /// SHA-256 of the receipt with which anybody can follow the progress. Absent for objects whose deletion the requester
    /// finds by its id.
    pub receipt_hash: Option<Vec<u8>>,
    /// The work pauses until then.
    pub resume_at: Option<DateTimeUtc>,
}

impl Model {
    /// The global id of the deleted object.
    #[must_use]
    pub fn deleted_id(&self) -> String {
        match self.subject {
            Subject::Flow => FlowId(self.subject_id).to_string(),
            Subject::Thread => ThreadId(self.subject_id).to_string(),
            Subject::Organization => OrganizationId(self.subject_id).to_string(),
            Subject::Account => UserId(self.subject_id).to_string(),
        }
    }
}

impl ActiveModelBehavior for ActiveModel {}

impl Tenanted for Entity {
    const SUBJECT: access::Subject = access::Subject::Flow;
    const ORGANIZATION: Column = Column::OrganizationId;
    const OWNERSHIP: Ownership<Column> = Ownership::Column(Column::RequestedBy);
}
