//! Objects, interfaces and unions.

use std::{any::type_name, future::Future};

use async_graphql::{
    Context, ContextBase, ContextSelectionSet, Error, OutputType, Positioned, ServerError, ServerResult,
    Value, parser::types::Field,
};
use futures::{FutureExt as _, future::BoxFuture};

use super::{join::join, selected::Selected, writer::Writer};

/// A type with fields. The macros of the library implement it.
pub trait ContainerType: OutputType {
    /// Resolves a field; `None` if the type has no such field.
    fn resolve_field(&self, ctx: &Context<'_>) -> impl Future<Output = ServerResult<Option<Value>>> + Send;

    /// An interface or a union passes the call to its object; an object adds the future that resolves it.
    ///
    /// # Errors
    /// None; the generated code expects a `Result`.
    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        if fields.asked != Self::rust_name() {
            let ctx = ctx.clone();
            fields.object = Some(async move { resolve_object(&ctx, self).await }.boxed());
        }
        Ok(())
    }

    /// The name of the type in Rust, without references.
    fn rust_name() -> &'static str {
        type_name::<Self>()
    }

    /// Part of the generated code, for federation, which is not used.
    #[expect(dead_code, reason = "the generated code implements it")]
    fn find_entity(
        &self,
        _: &Context<'_>,
        _: &Value,
    ) -> impl Future<Output = ServerResult<Option<Value>>> + Send {
        std::future::ready(Ok(None))
    }
}

/// An object type.
pub trait ObjectType: ContainerType {}

/// An interface. The only one of the schema, `Node`, needs no macro.
#[cfg(test)]
pub trait InterfaceType: ContainerType {}

/// A union.
pub trait UnionType: ContainerType {}

impl<T: ContainerType + ?Sized> ContainerType for &T {
    fn resolve_field(&self, ctx: &Context<'_>) -> impl Future<Output = ServerResult<Option<Value>>> + Send {
        T::resolve_field(*self, ctx)
    }

    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        T::collect_all_fields(*self, ctx, fields)
    }

    fn rust_name() -> &'static str {
        T::rust_name()
    }
}

impl<T: ObjectType + ?Sized> ObjectType for &T {}

/// Finds the object of an interface or a union.
pub struct Fields<'a> {
    /// The Rust name of the type that is resolved. If that is an object, it adds nothing.
    asked: &'static str,
    /// The future that resolves the object.
    object: Option<BoxFuture<'a, ServerResult<Value>>>,
}

/// Resolves the selected fields of the object that is the value of a field. Boxed, so that it does not enlarge the place
/// of the fields beside it.
///
/// # Errors
/// The first error of a field that is not nullable.
pub fn resolve_container<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    container: &'a T,
) -> BoxFuture<'a, ServerResult<Value>> {
    resolve_in_place(ctx, container).boxed()
}

/// Resolves the selected fields of an object, or of the object in an interface or a union.
pub(super) async fn resolve_in_place<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    container: &'a T,
) -> ServerResult<Value> {
    let mut fields = Fields { asked: T::rust_name(), object: None };
    container.collect_all_fields(ctx, &mut fields)?;
    match fields.object {
        Some(object) => object.await,
        None => resolve_object(ctx, container).await,
    }
}

async fn resolve_object<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    object: &'a T,
) -> ServerResult<Value> {
    let selected = || Selected::new(ctx, T::type_name);
    let keys = || selected().map(|field| &field.node.response_key().node);
    let mut writer = Writer::new(keys(), ctx.item.node.items.len());
    let mut keys = keys();
    let mut write = |value| {
        if let Some(key) = keys.next() {
            writer.field(key, value);
        }
    };
    let rest = join(selected(), |field| resolve_field(ctx, object, field), &mut write, false).await?;
    rest.into_iter().for_each(write);
    Ok(writer.end())
}

async fn resolve_field<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    object: &'a T,
    field: &'a Positioned<Field>,
) -> ServerResult<Value> {
    if field.node.name.node == "__typename" {
        return Ok(Value::String(object.introspection_type_name().into_owned()));
    }
    let ctx = ctx.with_field(field);
    Ok(object.resolve_field(&ctx).await?.unwrap_or_default())
}

/// Resolves a field whose value needs no waiting.
///
/// # Errors
/// Those of the value.
pub async fn resolve_simple_field_value<T: OutputType + ?Sized>(
    ctx: &Context<'_>,
    value: &T,
) -> ServerResult<Option<Value>> {
    let selected = ctx.with_selection_set(&ctx.item.node.selection_set);
    value.resolve(&selected, ctx.item).await.map(Some).map_err(|error| placed(ctx, error))
}

/// Sets the path of an error that has none. A path that is set leads to a nested field, which is more precise.
pub(super) fn placed<T>(ctx: &ContextBase<'_, T>, error: ServerError) -> ServerError {
    if error.path.is_empty() { ctx.set_error_path(error) } else { error }
}

/// Awaits and resolves an edge.
pub fn resolve_field_async<'a, T, E>(
    ctx: &'a Context<'a>,
    value: impl Future<Output = Result<T, E>> + Send + 'a,
) -> BoxFuture<'a, ServerResult<Option<Value>>>
where
    T: OutputType + Send,
    E: Into<Error> + Send + Sync,
{
    async move {
        let value =
            value.await.map_err(|error| ctx.set_error_path(error.into().into_server_error(ctx.item.pos)))?;
        let selected = ctx.with_selection_set(&ctx.item.node.selection_set);
        value.resolve(&selected, ctx.item).await.map(Some)
    }
    .boxed()
}
