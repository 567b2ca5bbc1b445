//! Relay connections over the services' pages.

use std::borrow::Cow;

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use triptych_services::page::{Item, Page, PageArgs, Selection, Total};

use crate::{
    errors::Result,
    output::{Items, ObjectType},
};

/// The arguments of every connection.
pub(crate) fn page_args(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArgs {
    PageArgs { first, after, last, before, selection: Selection::All }
}

/// A page of a list of `T`.
pub struct Connection<T> {
    items: Vec<Item<T>>,
    has_previous_page: bool,
    has_next_page: bool,
    total: Total,
}

impl<T> Connection<T> {
    /// The connection of a page, with an object for each row.
    pub(crate) fn of<R>(page: Page<R>, object: impl Fn(R) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(|item| item.map(&object)).collect(),
            has_previous_page: page.has_previous,
            has_next_page: page.has_next,
            total: page.total,
        }
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of a list.
#[Object(crate = "crate::output", name_type)]
impl<T: ObjectType> Connection<T> {
    /// The position of the page in the list.
    fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.items.first().map(Item::cursor),
            end_cursor: self.items.last().map(Item::cursor),
        }
    }

    /// The items, each with its cursor.
    fn edges(&self) -> Items<Edge<'_, T>> {
        self.items.iter().map(Edge).collect()
    }

    /// The items.
    fn nodes(&self) -> Items<&T> {
        self.items.iter().map(|item| &item.node).collect()
    }

    /// The number of items in the whole list. Counted only when it is selected.
    async fn total_count(&self, _ctx: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from(self.total.get().await?).unwrap_or(i32::MAX))
    }
}

/// An item of a page.
pub struct Edge<'a, T>(&'a Item<T>);

impl<T: OutputType> TypeName for Edge<'_, T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// An item of a page, with its cursor.
#[Object(crate = "crate::output", name_type)]
impl<T: ObjectType> Edge<'_, T> {
    /// The item.
    fn node(&self) -> &T {
        &self.0.node
    }

    /// The cursor of the item, for `after` and `before`.
    fn cursor(&self) -> String {
        self.0.cursor()
    }
}

/// The position of a page in its list.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct PageInfo {
    /// Whether there are items before the page.
    pub has_previous_page: bool,
    /// Whether there are items after the page.
    pub has_next_page: bool,
    /// The cursor of the first item; null on an empty page.
    pub start_cursor: Option<String>,
    /// The cursor of the last item; null on an empty page.
    pub end_cursor: Option<String>,
}
