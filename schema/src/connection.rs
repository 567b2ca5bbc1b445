//! Relay connections over the services' keyset pages.

use async_graphql::{
    Context, Object, OutputType, Positioned, Result, VisitorContext,
    connection::{Connection, Edge, EmptyFields},
    parser::types::{Field, VariableDefinition},
};
use futures::future::BoxFuture;
use serde::Serialize;
use triptych_services::page::{DEFAULT_PAGE, MAX_PAGE, Page, PageArgs, cursor};

/// The arguments of every list.
pub(crate) fn page_args(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArgs {
    PageArgs { first, after, last, before }
}

/// What a page adds to an operation's complexity: each field that is asked of its items, once for each item. For
/// `#[graphql(complexity = …)]`, in whose code the first three arguments have these names. Naming `first` and `last`
/// there instead would refuse every document in which they are variables that the caller leaves out.
pub(crate) fn page_cost(
    ctx: &VisitorContext<'_>,
    variables: &[Positioned<VariableDefinition>],
    field: &Field,
    of_an_item: usize,
) -> usize {
    let given = |name| ctx.param_value::<Option<i32>>(variables, field, name, None).ok().flatten();
    let asked = given("first").or_else(|| given("last"));
    // A size that is out of range is refused by its name, later.
    let size = asked.map_or(DEFAULT_PAGE, |n| u64::try_from(n).unwrap_or(0).clamp(1, MAX_PAGE));
    usize::try_from(size).unwrap_or(usize::MAX).saturating_mul(of_an_item).saturating_add(1)
}

/// Counts a list when somebody asks.
type Count = Box<dyn for<'c> Fn(&'c Context<'_>) -> BoxFuture<'c, Result<u64>> + Send + Sync>;

/// What connections have besides edges.
pub struct Totals(Count);

#[Object(name = "ConnectionTotals")]
impl Totals {
    /// How many items the whole list has. Counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from((self.0)(ctx).await?).unwrap_or(i32::MAX))
    }
}

/// A list of `T`.
pub(crate) type List<T> = Connection<String, T, Totals, EmptyFields>;

/// Makes a connection of a page. `key` says where an item stands in the list.
pub(crate) fn list<I, T: OutputType, K: Serialize>(
    page: Page<I>,
    key: impl Fn(&I) -> K,
    node: impl Fn(I) -> T,
    count: impl for<'c> Fn(&'c Context<'_>) -> BoxFuture<'c, Result<u64>> + Send + Sync + 'static,
) -> List<T> {
    let mut connection =
        Connection::with_additional_fields(page.has_previous, page.has_next, Totals(Box::new(count)));
    connection.edges.extend(page.items.into_iter().map(|item| {
        let at = cursor(&key(&item));
        Edge::new(at, node(item))
    }));
    connection
}

/// A page of a list that is at hand as a whole, in its order.
pub(crate) fn slice<I, K: Ord>(
    items: Vec<I>,
    window: &triptych_services::page::Window<K>,
    key: impl Fn(&I) -> K,
) -> Page<I> {
    let mut rows: Vec<I> = items
        .into_iter()
        .filter(|item| window.after.as_ref().is_none_or(|after| key(item) > *after))
        .filter(|item| window.before.as_ref().is_none_or(|before| key(item) < *before))
        .collect();
    if window.backward {
        rows.reverse();
    }
    rows.truncate(usize::try_from(window.fetch()).unwrap_or(usize::MAX));
    Page::from_fetched(window, rows)
}
