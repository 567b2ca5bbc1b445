//! The standard operations of all resources, as a part of each root.

use std::{any::type_name, borrow::Cow};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaField, MetaTypeId, ObjectBuilder, Registry},
};

use super::Operations;
use crate::register::COLLECTIONS;

/// Queries of collections.
#[derive(Default)]
pub struct CollectionQuery;

/// Mutations of collections.
#[derive(Default)]
pub struct CollectionMutation;

/// A part of a root. Merged into the root, so that the schema does not contain its type.
fn describe<T: OutputType>(
    registry: &mut Registry,
    fields: fn(&Operations, &mut Registry) -> Vec<MetaField>,
) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Object, |registry| {
        let fields = COLLECTIONS.iter().flat_map(|operations| fields(operations, registry));
        let fields = fields.map(|field| (field.name.clone(), field)).collect();
        ObjectBuilder::new(T::type_name(), fields).rust_typename(type_name::<T>()).build()
    })
}

async fn resolve(ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    match COLLECTIONS.iter().find_map(|operations| (operations.resolve)(ctx)) {
        Some(resolved) => resolved.await,
        None => Ok(None),
    }
}

impl OutputType for CollectionQuery {
    fn type_name() -> Cow<'static, str> {
        "CollectionQuery".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        describe::<Self>(registry, |operations, registry| (operations.describe_queries)(registry))
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

impl ContainerType for CollectionQuery {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve(ctx).await
    }
}

impl ObjectType for CollectionQuery {}

impl OutputType for CollectionMutation {
    fn type_name() -> Cow<'static, str> {
        "CollectionMutation".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        describe::<Self>(registry, |operations, registry| (operations.describe_mutations)(registry))
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

impl ContainerType for CollectionMutation {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        resolve(ctx).await
    }
}

impl ObjectType for CollectionMutation {}
