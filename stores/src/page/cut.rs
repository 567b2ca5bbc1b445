//! Pages of a list of ids in a given order, which no sort key expresses.

use smallvec::smallvec;
use triptych_entities::ids::Id;

use super::{Item, KeyValue, Page, Total, Window};
use crate::error::Invalid;

/// The ids of a page, whose items are loaded later.
#[derive(Debug)]
pub struct Cut<I> {
    list: &'static str,
    pub items: Vec<I>,
    has_previous: bool,
    has_next: bool,
    total: u64,
}

impl<I: Id> Cut<I> {
    /// Selects a page of the ids, in their order.
    ///
    /// # Errors
    /// `Invalid` for a cursor of none of the ids.
    pub fn of(mut ids: Vec<I>, window: &Window) -> Result<Self, Invalid> {
        let (after, before) = window.bounds();
        let place = |field: &str, cursor: Option<&KeyValue>| {
            cursor
                .map(|cursor| {
                    let at = ids.iter().position(|id| KeyValue::from(*id) == *cursor);
                    at.ok_or_else(|| Invalid::one(field, "not a cursor of this list"))
                })
                .transpose()
        };
        let start = place("after", after)?.map_or(0, |n| n + 1);
        let end = place("before", before)?.unwrap_or(ids.len()).max(start);
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let (from, to) = if window.backward {
            (end.saturating_sub(limit).max(start), end)
        } else {
            (start, start.saturating_add(limit).min(end))
        };
        let total = ids.len();
        ids.truncate(to);
        let items = ids.split_off(from);
        Ok(Self {
            list: window.list,
            items,
            has_previous: from > 0,
            has_next: to < total,
            total: total as u64,
        })
    }

    /// The page with the items that `load` returns.
    pub fn into_page<T>(self, mut load: impl FnMut(&I) -> Option<T>) -> Page<T> {
        let items = self.items.iter().filter_map(|id| {
            Some(Item { node: load(id)?, list: self.list, key: smallvec![KeyValue::from(*id)] })
        });
        Page {
            items: items.collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
            total: Total::Known(self.total),
        }
    }
}

#[cfg(test)]
mod tests {
    use triptych_entities::ids::FlowId;
    use uuid::Uuid;

    use super::*;
    use crate::page::{KeyKind, PageArgs, key};

    fn id(number: u128) -> FlowId {
        FlowId(Uuid::from_u128(number))
    }

    /// The page of the ids 3, 1, 2.
    fn page(first: Option<i32>, after: Option<u128>, last: Option<i32>, before: Option<u128>) -> String {
        let cursor = |number| key::encode("flows", &[id(number).into()]);
        let args = PageArgs {
            first,
            after: after.map(cursor),
            last,
            before: before.map(cursor),
            ..PageArgs::default()
        };
        let window = Window::parse(&args, "flows", &[KeyKind::Id]).unwrap();
        match Cut::of(vec![id(3), id(1), id(2)], &window) {
            Ok(cut) => {
                let page = cut.into_page(|id| Some(id.0.as_u128()));
                let (previous, next) = (page.has_previous, page.has_next);
                format!("{:?} {previous} {next}", page.into_nodes().collect::<Vec<_>>())
            }
            Err(invalid) => invalid.0[0].path.clone(),
        }
    }

    #[test]
    fn pages_follow_the_order_of_the_ids_and_not_their_values() {
        assert_eq!(page(Some(2), None, None, None), "[3, 1] false true");
        assert_eq!(page(Some(2), Some(3), None, None), "[1, 2] true false");
        assert_eq!(page(None, None, Some(2), None), "[1, 2] true false");
        assert_eq!(page(None, None, Some(2), Some(2)), "[3, 1] false true");
        assert_eq!(page(Some(1), Some(2), None, None), "[] true false");
        assert_eq!(page(Some(1), Some(4), None, None), "after");
        assert_eq!(page(None, None, Some(1), Some(4)), "before");
    }
}
