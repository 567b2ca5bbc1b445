//! Collections with the standard operations: for a [`Resource`] `Preset` the queries `preset` and `presets`, the
//! mutations `createPreset`, `updatePreset` and `deletePreset` with their inputs and payloads, and `node(id)`. Other
//! operations of a collection are in a root of its own.

mod input;
mod operations;
mod payload;
mod record;
mod roots;

pub(crate) use operations::Operations;
pub(crate) use record::RecordFields;
pub(crate) use roots::{CollectionMutation, CollectionQuery};

use async_graphql::{Context, InputType};
use triptych_entities::documents::record::{Content, Record};
use triptych_services::{
    error::Invalid,
    records::{Fields, Records},
};

use crate::{
    context::ContextExt as _,
    loaders::Caller,
    node::{Fetched, NodeType},
    output::ObjectType,
};

/// An object whose collection has the standard operations.
pub(crate) trait Resource: ObjectType + From<Record<Self::Content>> + 'static {
    type Content: Content;
    type Fields: Fields<Content = Self::Content>;
    /// An input object with the writable fields, all of them nullable. Its fields are included in the inputs of the
    /// mutations; the schema does not contain the type.
    type Input: InputType;
    /// The name of the query of one object.
    const ONE: &'static str;
    /// The fields of the input that are required to create an object.
    const REQUIRED: &'static [&'static str];

    /// # Errors
    /// `Invalid` with each field that does not parse, such as an id.
    fn fields(input: Self::Input) -> Result<Self::Fields, Invalid>;
}

impl<R: Resource> NodeType for R {
    type Id = <R::Content as Content>::Id;
    type Row = Record<R::Content>;
    const NOUN: &'static str = R::Content::NOUN;

    async fn fetch(caller: &Caller, ids: &[Self::Id]) -> Fetched<Self::Row> {
        caller.services.records().by_ids(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> Self::Id {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}

/// The records of a resource.
fn records<R: Resource>(ctx: &Context<'_>) -> Records<Record<R::Content>> {
    ctx.services().records()
}
