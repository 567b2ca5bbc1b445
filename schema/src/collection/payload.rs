//! The payload of the standard mutations.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaField, MetaTypeId, ObjectBuilder, Registry},
};
use triptych_entities::documents::record::Content;

use super::Resource;
use crate::output::{
    ObjectType,
    resolver_utils::{ContainerType, resolve_container, resolve_simple_field_value},
};

/// The object after a mutation, in a field with the name of its type.
pub(super) struct Payload<R: Resource>(pub(super) R);

impl<R: Resource> OutputType for Payload<R> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Payload", R::type_name()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let noun = R::Content::NOUN;
            let mut field = MetaField::new(R::ONE, R::create_type_info(registry));
            field.description = Some(format!("The {noun} after the mutation."));
            ObjectBuilder::new(Self::type_name(), IndexMap::from([(R::ONE.to_owned(), field)]))
                .rust_typename(std::any::type_name::<Self>())
                .description(Some(format!("The result of a mutation of {}.", super::input::one::<R>())))
                .build()
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<R: Resource> ContainerType for Payload<R> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        if ctx.item.node.name.node == R::ONE {
            return resolve_simple_field_value(ctx, &self.0).await;
        }
        Ok(None)
    }
}

impl<R: Resource> ObjectType for Payload<R> {}
