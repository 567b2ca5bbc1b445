//! Transforms that extract parts of a text.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::super::{
    super::pattern::{Count, Trouble},
    decimal,
};
use crate::compute::Deadline;

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    constant(r"[\p{L}\p{N}._%+-]+@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,}")
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| constant(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"));
static URL: LazyLock<Regex> = LazyLock::new(|| constant(r#"(?i)\bhttps?://[^\s<>"'`\\]+"#));

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests use each")]
fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern is valid")
}

pub(super) fn emails(text: &str, all: bool, deadline: Deadline) -> Result<Value, Trouble> {
    collect(EMAIL.find_iter(text).map(|found| found.as_str().into()), all, deadline)
}

/// Optional commas separate thousands, and an optional point the decimals.
pub(super) fn numbers(text: &str, all: bool, deadline: Deadline) -> Result<Value, Trouble> {
    let numbers = NUMBER
        .find_iter(text)
        .filter_map(|found| decimal::parse(&found.as_str().replace(',', "")).map(decimal::write));
    collect(numbers, all, deadline)
}

pub(super) fn urls(text: &str, all: bool, deadline: Deadline) -> Result<Value, Trouble> {
    let urls = URL.find_iter(text).map(|found| {
        let url = found.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?']);
        // A closing bracket belongs to the address only if its opening one does.
        let url = if url.contains('(') { url } else { url.trim_end_matches(')') };
        url.into()
    });
    collect(urls, all, deadline)
}

fn collect(mut found: impl Iterator<Item = Value>, all: bool, deadline: Deadline) -> Result<Value, Trouble> {
    if !all {
        return Ok(found.next().unwrap_or_default());
    }
    let mut count = Count::new(deadline);
    found.map(|value| count.one().map(|()| value)).collect()
}
