//! A job that is to be moved to a queue.

use sea_orm::entity::prelude::*;

use crate::ids::{JobId, OrganizationId};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub organization_id: OrganizationId,
    pub queue: String,
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// The job becomes visible to workers no earlier than this.
    pub run_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
