//! Pages of a list in memory.

use smallvec::smallvec;

use super::{KeyValue, Page, Total, Window};

/// Selects a page of a list that is sorted by `key`, ascending.
pub fn slice<T>(items: Vec<T>, window: &Window, key: impl Fn(&T) -> KeyValue) -> Page<T> {
    let total = Total::Known(items.len() as u64);
    let (after, before) = window.bounds();
    let mut rows: Vec<T> = items
        .into_iter()
        .filter(|item| after.is_none_or(|after| key(item) > *after))
        .filter(|item| before.is_none_or(|before| key(item) < *before))
        .collect();
    if window.backward {
        rows.reverse();
    }
    rows.truncate(usize::try_from(window.fetch()).unwrap_or(usize::MAX));
    Page::of_fetched(window, rows, |item| smallvec![key(item)], total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{KeyKind, PageArgs};

    fn page(
        first: Option<i32>,
        last: Option<i32>,
        after: Option<i64>,
        before: Option<i64>,
    ) -> (Vec<i64>, bool, bool) {
        let cursor = |number: i64| crate::page::key::encode("numbers", &[KeyValue::Integer(number)]);
        let args = PageArgs {
            first,
            last,
            after: after.map(cursor),
            before: before.map(cursor),
            ..PageArgs::default()
        };
        let window = Window::parse(&args, "numbers", &[KeyKind::Integer]).unwrap();
        let page = slice(vec![1, 2, 3, 4, 5], &window, |number| KeyValue::Integer(*number));
        let (previous, next) = (page.has_previous, page.has_next);
        (page.into_nodes().collect(), previous, next)
    }

    #[test]
    fn pages_go_forward_and_back() {
        assert_eq!(page(Some(2), None, None, None), (vec![1, 2], false, true));
        assert_eq!(page(Some(2), None, Some(2), None), (vec![3, 4], true, true));
        assert_eq!(page(Some(2), None, Some(4), None), (vec![5], true, false));
        assert_eq!(page(None, Some(2), None, None), (vec![4, 5], true, false));
        assert_eq!(page(None, Some(2), None, Some(4)), (vec![2, 3], true, true));
        assert_eq!(page(None, Some(9), None, Some(3)), (vec![1, 2], false, true));
        assert_eq!(page(Some(0), None, None, None), (vec![], false, true));
    }
}
