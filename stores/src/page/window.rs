//! The requested part of a list.

use super::{
    key::{self, KeyKind, KeyValue},
    selection::Selection,
};
use crate::error::Invalid;

/// The Relay arguments of a connection, before validation, and what is read of its items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub selection: Selection,
}

/// Number of items of a page by default.
pub const DEFAULT_PAGE: u64 = 20;
/// Maximum number of items of a page.
pub const MAX_PAGE: u64 = 100;

/// A valid request for a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    /// The name of the list, which its cursors contain.
    pub(super) list: &'static str,
    /// The maximum number of items.
    pub limit: u64,
    /// Whether the page is counted from the end of the list.
    pub backward: bool,
    pub(super) after: Option<Vec<KeyValue>>,
    pub(super) before: Option<Vec<KeyValue>>,
    /// What is read of the items.
    pub selection: Selection,
}

impl Window {
    /// Validates the arguments for the list with this name and these kinds of sort keys.
    ///
    /// # Errors
    /// `Invalid` for `first` and `last` together, a number out of range, or a cursor of another list.
    pub fn parse(args: &PageArgs, list: &'static str, kinds: &[KeyKind]) -> Result<Self, Invalid> {
        let (limit, backward, field) = match (args.first, args.last) {
            (Some(_), Some(_)) => {
                return Err(Invalid::one("last", "give `first` or `last`, not both"));
            }
            (Some(n), None) => (Some(n), false, "first"),
            (None, Some(n)) => (Some(n), true, "last"),
            (None, None) => (None, false, "first"),
        };
        let limit = match limit.map(u64::try_from) {
            None => DEFAULT_PAGE,
            Some(Ok(n)) if n <= MAX_PAGE => n,
            Some(_) => {
                return Err(Invalid::one(field, format!("must be between 0 and {MAX_PAGE}")));
            }
        };
        let decode = |field: &str, cursor: Option<&String>| {
            cursor
                .map(|cursor| {
                    key::decode(cursor, list, kinds)
                        .ok_or_else(|| Invalid::one(field, "not a cursor of this list"))
                })
                .transpose()
        };
        let after = decode("after", args.after.as_ref())?;
        let before = decode("before", args.before.as_ref())?;
        Ok(Self { list, limit, backward, after, before, selection: args.selection.clone() })
    }

    /// The number of items to fetch: one more than the limit, to find out whether another page follows.
    #[must_use]
    pub fn fetch(&self) -> u64 {
        self.limit + 1
    }

    /// The first sort key of the cursors `after` and `before`.
    #[must_use]
    pub fn bounds(&self) -> (Option<&KeyValue>, Option<&KeyValue>) {
        (first(self.after.as_deref()), first(self.before.as_deref()))
    }
}

fn first(cursor: Option<&[KeyValue]>) -> Option<&KeyValue> {
    cursor?.first()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(first: Option<i32>, last: Option<i32>, after: Option<&str>) -> Result<Window, String> {
        let args = PageArgs { first, last, after: after.map(str::to_owned), ..PageArgs::default() };
        Window::parse(&args, "numbers", &[KeyKind::Integer]).map_err(|invalid| invalid.0[0].path.clone())
    }

    #[test]
    fn invalid_arguments_are_named() {
        assert_eq!(parse(None, None, None).unwrap().limit, DEFAULT_PAGE);
        assert_eq!(parse(Some(0), None, None).unwrap().fetch(), 1);
        assert!(parse(None, Some(3), None).unwrap().backward);
        assert_eq!(parse(Some(1), Some(1), None), Err("last".to_owned()));
        assert_eq!(parse(Some(-1), None, None), Err("first".to_owned()));
        assert_eq!(parse(None, Some(101), None), Err("last".to_owned()));
        assert_eq!(parse(None, None, Some("nonsense")), Err("after".to_owned()));
        let cursor = key::encode("numbers", &[KeyValue::Integer(4)]);
        assert_eq!(parse(None, None, Some(&cursor)).unwrap().bounds().0, Some(&KeyValue::Integer(4)));
    }
}
