//! Keyset pages: what part of a list a caller asked for, and what part it got. Never an offset.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::Invalid;

/// The Relay arguments as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Items on a page when the caller names no number.
pub const DEFAULT_PAGE: u64 = 20;
/// The most that one page holds.
pub const MAX_PAGE: u64 = 100;

/// A checked request for a page. `K` is what the list is ordered by, ending in the id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window<K> {
    /// How many items the page holds at most.
    pub limit: u64,
    /// Count from the end of the list.
    pub backward: bool,
    pub after: Option<K>,
    pub before: Option<K>,
}

impl<K: DeserializeOwned> Window<K> {
    /// # Errors
    /// `first` and `last` together, a number out of range, a cursor that this list did not give out.
    pub fn parse(args: &PageArgs) -> Result<Self, Invalid> {
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
        Ok(Self {
            limit,
            backward,
            after: decode("after", args.after.as_deref())?,
            before: decode("before", args.before.as_deref())?,
        })
    }
}

impl<K> Window<K> {
    /// One more than the page holds: the extra row tells whether another page follows.
    #[must_use]
    pub fn fetch(&self) -> u64 {
        self.limit + 1
    }
}

fn decode<K: DeserializeOwned>(field: &str, cursor: Option<&str>) -> Result<Option<K>, Invalid> {
    cursor
        .map(|cursor| {
            URL_SAFE_NO_PAD
                .decode(cursor)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .ok_or_else(|| Invalid::one(field, "not a cursor of this list"))
        })
        .transpose()
}

/// The opaque cursor of an item with this key.
pub fn cursor<K: Serialize>(key: &K) -> String {
    // Keys are tuples of numbers and strings, which always serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// One page of a list, in the list's own order.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Makes a page of rows that were fetched in the window's direction, one more than its limit.
    pub fn from_fetched<K>(window: &Window<K>, mut rows: Vec<T>) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if window.backward {
            rows.reverse();
            Self { items: rows, has_previous: more, has_next: window.before.is_some() }
        } else {
            Self { items: rows, has_previous: window.after.is_some(), has_next: more }
        }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            has_previous: self.has_previous,
            has_next: self.has_next,
        }
    }
}
