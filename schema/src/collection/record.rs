//! The standard fields of records.

use std::borrow::Cow;

use async_graphql::{Context, Object, TypeName};
use chrono::{DateTime, Utc};
use triptych_entities::documents::{
    from_bson,
    record::{Content, Record},
};

use crate::{errors::Result, identity::User, node::load, output::Id};

/// The standard fields of a record. An object includes them with `#[graphql(flatten)]`.
pub(crate) struct RecordFields<'a, T: Content>(pub(crate) &'a Record<T>);

impl<T: Content> TypeName for RecordFields<'_, T> {
    fn type_name() -> Cow<'static, str> {
        format!("RecordFields_{}", T::NAME).into()
    }
}

#[Object(crate = "crate::output", name_type)]
impl<T: Content> RecordFields<'_, T> {
    /// A TypeID.
    fn id(&self) -> Id<T::Id> {
        Id(self.0.id)
    }

    /// The creator.
    async fn owner(&self, ctx: &Context<'_>) -> Result<User> {
        load(ctx, self.0.owner_id).await
    }

    /// The number of the version, which each change increments; for `expectedVersion`.
    fn version(&self) -> i32 {
        self.0.version
    }

    /// The time of creation.
    fn created_at(&self) -> DateTime<Utc> {
        from_bson(self.0.created_at)
    }

    /// The time of the last change.
    fn updated_at(&self) -> DateTime<Utc> {
        from_bson(self.0.updated_at)
    }
}
