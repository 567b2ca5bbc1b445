//! Lists.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};

use futures::FutureExt as _;

use super::{container::placed, join::join};

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

impl<T: OutputType> OutputType for Items<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T> as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T> as OutputType>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T> as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut values = vec![Value::Null; self.0.len()];
        let joined = join(self.0.iter().enumerate().zip(&mut values), |(position, item)| async move {
            let ctx = ctx.with_index(position);
            item.resolve(&ctx, field).await.map_err(|error| placed(&ctx, error))
        });
        // Boxed once for all items: the future of an item does not enlarge that of the object around the list.
        joined.boxed().await?;
        Ok(Value::List(values))
    }
}
