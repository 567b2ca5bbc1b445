//! The root of queries. It limits how many of its fields are resolved at the same time: a document can have many fields
//! with lists, and each of them uses a connection of a pool that all requests share.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
    parser::types::Field,
    registry::Registry,
    resolver_utils::{ContainerType, resolve_container},
};
use tokio::sync::Semaphore;

/// Maximum number of root fields of a request that are resolved at the same time.
const MAX_RUNNING: usize = 8;

/// The permits of the root fields of one request.
pub(crate) struct RootFields(Semaphore);

impl RootFields {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(MAX_RUNNING))
    }
}

/// A root whose fields are limited.
#[derive(Default)]
pub struct Bounded<T>(T);

impl<T: ObjectType> ContainerType for Bounded<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        // These fields load in batches, which have a limit of their own. A batch takes the ids of all fields.
        let batched = matches!(ctx.field().name(), "node" | "nodes");
        let _permit = match ctx.data_opt::<RootFields>() {
            Some(fields) if !batched => fields.0.acquire().await.ok(),
            _ => None,
        };
        self.0.resolve_field(ctx).await
    }
}

impl<T: ObjectType> OutputType for Bounded<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ObjectType for Bounded<T> {}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema};

    use super::*;

    #[derive(Default)]
    struct Query {
        running: AtomicUsize,
        most: AtomicUsize,
    }

    #[Object]
    impl Query {
        async fn list(&self) -> usize {
            self.wait().await
        }

        async fn node(&self) -> usize {
            self.wait().await
        }
    }

    impl Query {
        async fn wait(&self) -> usize {
            self.most.fetch_max(self.running.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::task::yield_now().await;
            self.running.fetch_sub(1, SeqCst);
            self.most.load(SeqCst)
        }
    }

    async fn most(field: &str) -> usize {
        let schema = Schema::new(Bounded::<Query>::default(), EmptyMutation, EmptySubscription);
        let fields: String = (0..50).fold(String::new(), |fields, n| fields + &format!("a{n}: {field} "));
        let response = schema.execute(Request::new(format!("{{ {fields} }}")).data(RootFields::new())).await;
        let data = response.into_result().unwrap().data.into_json().unwrap();
        usize::try_from(data["a49"].as_u64().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn fields_wait_for_each_other_except_those_that_load_in_batches() {
        assert_eq!(most("list").await, MAX_RUNNING);
        assert_eq!(most("node").await, 50);
    }
}
