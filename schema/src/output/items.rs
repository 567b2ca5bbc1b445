//! Lists.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};

use futures::FutureExt as _;

use super::{
    container::{self, ContainerType, placed},
    join::join,
};

/// A list of objects. Resolves as a `Vec` does, without a future for each item that has no selected edge.
#[derive(Debug, Clone, Default)]
pub struct Items<T>(pub Vec<T>);

impl<T> From<Vec<T>> for Items<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: Item> OutputType for Items<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        self.resolve_in_place(ctx).await
    }
}

/// An item of a list: an object, interface or union, which may be null; or a list.
pub trait Item: OutputType {
    /// Resolves the item, in the place of the item before it.
    ///
    /// # Errors
    /// The first error of a field that is not nullable.
    fn resolve_in_place<'a>(
        &'a self,
        ctx: &'a ContextSelectionSet<'a>,
    ) -> impl Future<Output = ServerResult<Value>> + Send + 'a;
}

impl<T: ContainerType> Item for T {
    fn resolve_in_place<'a>(
        &'a self,
        ctx: &'a ContextSelectionSet<'a>,
    ) -> impl Future<Output = ServerResult<Value>> + Send + 'a {
        container::resolve_in_place(ctx, self)
    }
}

impl<T: Item> Item for Option<T> {
    async fn resolve_in_place<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> ServerResult<Value> {
        let Some(item) = self else { return Ok(Value::Null) };
        match item.resolve_in_place(ctx).await {
            Ok(value) => Ok(value),
            Err(error) => {
                ctx.add_error(error);
                Ok(Value::Null)
            }
        }
    }
}

impl<T: Item> Item for Items<T> {
    async fn resolve_in_place<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> ServerResult<Value> {
        let mut values = Vec::with_capacity(self.0.len());
        let items = self.0.iter().enumerate();
        let resolve = |(position, item)| resolve_item(ctx, position, item);
        let joined = join(items, resolve, |value| values.push(value), true);
        // Boxed once for all items: the future of an item does not enlarge that of the object around the list.
        let rest = joined.boxed().await?;
        values.extend(rest);
        Ok(Value::List(values))
    }
}

async fn resolve_item<T: Item>(
    ctx: &ContextSelectionSet<'_>,
    position: usize,
    item: &T,
) -> ServerResult<Value> {
    let ctx = ctx.with_index(position);
    item.resolve_in_place(&ctx).await.map_err(|error| placed(&ctx, error))
}
