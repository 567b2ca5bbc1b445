//! The standard operations of all resources, as a part of each root.

use std::{any::type_name, borrow::Cow};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::{MetaTypeId, ObjectBuilder, Registry},
};

use crate::register::COLLECTIONS;

/// Queries of collections.
pub(crate) type CollectionQuery = CollectionRoot<false>;
/// Mutations of collections.
pub(crate) type CollectionMutation = CollectionRoot<true>;

/// A part of a root. The root merges it, so the schema does not contain its type.
#[derive(Default)]
pub struct CollectionRoot<const MUTATIONS: bool>;

impl<const MUTATIONS: bool> OutputType for CollectionRoot<MUTATIONS> {
    fn type_name() -> Cow<'static, str> {
        if MUTATIONS { "CollectionMutation" } else { "CollectionQuery" }.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let fields = COLLECTIONS.iter().flat_map(|operations| {
                let describe =
                    if MUTATIONS { operations.describe_mutations } else { operations.describe_queries };
                describe(registry)
            });
            let fields = fields.map(|field| (field.name.clone(), field)).collect();
            ObjectBuilder::new(Self::type_name(), fields).rust_typename(type_name::<Self>()).build()
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

impl<const MUTATIONS: bool> ContainerType for CollectionRoot<MUTATIONS> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match COLLECTIONS.iter().find_map(|operations| (operations.resolve)(ctx)) {
            Some(resolved) => resolved.await,
            None => Ok(None),
        }
    }
}

impl<const MUTATIONS: bool> ObjectType for CollectionRoot<MUTATIONS> {}
