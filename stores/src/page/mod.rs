//! Keyset pagination in both directions with opaque cursors.
//!
//! A list is declared once by its sort order: [`rows::Sorted`] for tables, [`documents::Sorted`] for collections,
//! `slice` for lists in memory. The conditions of the window, the order, the cursors and `PageInfo` follow from it. The
//! last sort key is unique, so no item is skipped or repeated.

mod cut;
pub mod documents;
mod key;
pub mod rows;
mod selection;
mod slice;
mod total;
mod window;

pub use cut::Cut;
use key::Keys;
pub use key::{KeyKind, KeyValue};
pub use selection::{Columns, Selection};
pub use slice::slice;
pub use total::Total;
pub use window::{DEFAULT_PAGE, MAX_PAGE, PageArgs, Window};

/// A page of a list, in the order of the list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<Item<T>>,
    pub has_previous: bool,
    pub has_next: bool,
    /// The number of items of the whole list.
    pub total: Total,
}

/// An item and its position in the list.
#[derive(Debug, Clone)]
pub struct Item<T> {
    pub node: T,
    list: &'static str,
    key: Keys,
}

impl<T> Item<T> {
    /// The opaque cursor of the item.
    #[must_use]
    pub fn cursor(&self) -> String {
        key::encode(self.list, &self.key)
    }

    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Item<U> {
        Item { node: convert(self.node), list: self.list, key: self.key }
    }
}

impl<T> Page<T> {
    /// The page of an empty list.
    #[must_use]
    pub fn empty() -> Self {
        Self { items: Vec::new(), has_previous: false, has_next: false, total: Total::Known(0) }
    }

    /// Creates a page from items that were fetched in the direction of the window, up to one more than its limit.
    fn of_fetched(window: &Window, mut fetched: Vec<T>, key: impl Fn(&T) -> Keys, total: Total) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = fetched.len() > limit;
        fetched.truncate(limit);
        if window.backward {
            fetched.reverse();
        }
        let (has_previous, has_next) =
            if window.backward { (more, window.before.is_some()) } else { (window.after.is_some(), more) };
        let items =
            fetched.into_iter().map(|node| Item { list: window.list, key: key(&node), node }).collect();
        Self { items, has_previous, has_next, total }
    }

    /// The nodes without their positions.
    pub fn into_nodes(self) -> impl Iterator<Item = T> {
        self.items.into_iter().map(|item| item.node)
    }
}
