//! Lists that a service returns in pages.

use reqwest::{Url, header::LINK};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{answer, run::Prepared};
use crate::automation::integrations::{ActionError, exchange};

/// The most pages that one step reads.
const PAGES: usize = 100;
/// The size of all items together, in bytes of JSON.
const SIZE_LIMIT: usize = 5 * 1_048_576;

/// How to read a list. The output is `{ items, more }`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    /// The parameter that holds how many items to read at most. It has a default and a maximum.
    pub(super) limit: String,
    /// The JSON Pointer to the items in the body.
    #[serde(default)]
    pub(super) items: String,
    pub(super) by: By,
}

/// How the next page is found.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum By {
    /// The `link` header with `rel="next"`, of the same host.
    Link,
    /// A cursor in the body, sent back in the query. There are no more pages when it is absent, null or empty.
    Cursor { query: String, next: String },
    /// A number in the query. There are no more pages after an empty one, or after one with fewer than `size` items.
    Page {
        query: String,
        #[serde(default = "one")]
        first: u64,
        size: Option<usize>,
    },
}

fn one() -> u64 {
    1
}

/// Where a list has got to.
struct Position {
    url: Url,
    page: u64,
    cursor: Option<String>,
}

/// Reads pages until the limit is reached.
pub(super) async fn collect(
    prepared: &Prepared<'_>,
    paging: &Paging,
    item_schema: &Map<String, Value>,
    limit: Option<u64>,
) -> Result<Value, ActionError> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut position = paging.by.start(prepared.url().clone());
    let (mut items, mut size) = (Vec::new(), 0);
    for _ in 0..PAGES {
        let (response, body) = prepared.fetch(position.url.clone()).await?;
        let Some(Value::Array(page)) = body.pointer(&paging.items) else {
            return Err(answer::bad_response(&response.host, "no list where its items should be"));
        };
        let next = paging.by.next(position, &response, &body, page.len())?;
        for item in page {
            let item = answer::project(item_schema, item.clone());
            size += item.to_string().len();
            if items.len() == limit || size > SIZE_LIMIT {
                return Ok(json!({ "items": items, "more": true }));
            }
            items.push(item);
        }
        match next {
            None => return Ok(json!({ "items": items, "more": false })),
            Some(_) if items.len() == limit => break,
            Some(next) => position = next,
        }
    }
    Ok(json!({ "items": items, "more": true }))
}

impl By {
    fn start(&self, url: Url) -> Position {
        let mut position = Position { url, page: 0, cursor: None };
        if let Self::Page { query, first, .. } = self {
            position.page = *first;
            set_query(&mut position.url, query, &first.to_string());
        }
        position
    }

    fn next(
        &self,
        mut position: Position,
        response: &exchange::Response,
        body: &Value,
        count: usize,
    ) -> Result<Option<Position>, ActionError> {
        let bad = |what: &str| ActionError::permanent("BAD_PAGING", format!("{} {what}", response.host));
        match self {
            Self::Link => {
                let Some(link) = next_link(response) else { return Ok(None) };
                let url =
                    position.url.join(&link).map_err(|_| bad("links to a next page without an address"))?;
                if url.origin() != position.url.origin() {
                    // The credential is for the first host only.
                    return Err(bad("links to a next page on another host"));
                }
                if url == position.url {
                    return Err(bad("links from a page to itself"));
                }
                position.url = url;
            }
            Self::Cursor { query, next } => {
                let cursor =
                    body.pointer(next).and_then(exchange::scalar).filter(|cursor| !cursor.is_empty());
                let Some(cursor) = cursor else { return Ok(None) };
                if position.cursor.as_ref() == Some(&cursor) {
                    return Err(bad("repeats a cursor"));
                }
                set_query(&mut position.url, query, &cursor);
                position.cursor = Some(cursor);
            }
            Self::Page { query, size, .. } => {
                if count == 0 || size.is_some_and(|size| count < size) {
                    return Ok(None);
                }
                position.page += 1;
                set_query(&mut position.url, query, &position.page.to_string());
            }
        }
        Ok(Some(position))
    }
}

fn set_query(url: &mut Url, name: &str, value: &str) {
    let others: Vec<_> = url.query_pairs().into_owned().filter(|(other, _)| other != name).collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
}

/// The address in `<…>; rel="next"`.
fn next_link(response: &exchange::Response) -> Option<String> {
    let headers = response.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    headers.flat_map(links).find_map(|(url, parameters)| {
        let relation = |parameter: &str| {
            let (name, value) = parameter.split_once('=')?;
            let names = value.trim().trim_matches('"').split_ascii_whitespace();
            Some(name.trim().eq_ignore_ascii_case("rel") && names.into_iter().any(|name| name == "next"))
        };
        parameters.split(';').any(|parameter| relation(parameter) == Some(true)).then(|| url.to_owned())
    })
}

/// The addresses of a `link` header, each with its parameters.
fn links(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let links = header.split('<').skip(1).map(|link| link.trim_end().trim_end_matches(','));
    links.filter_map(|link| link.split_once('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(link: &str) -> exchange::Response {
        let headers = [(LINK, link.parse().unwrap())].into_iter().collect();
        exchange::Response {
            status: reqwest::StatusCode::OK,
            headers,
            body: Vec::new(),
            host: "a.example".to_owned(),
        }
    }

    #[test]
    fn the_next_link_is_found_among_other_links() {
        let both = r#"<https://a.example/?page=1>; rel="prev", <https://a.example/?page=3,4>; title="x"; rel="next last",</x>; rel="first""#;
        assert_eq!(next_link(&answer(both)).as_deref(), Some("https://a.example/?page=3,4"));
        assert_eq!(next_link(&answer("</items?page=2>; rel=next")).as_deref(), Some("/items?page=2"));
        assert_eq!(next_link(&answer(r#"<https://a.example/>; rel="last""#)), None);
    }

    #[test]
    fn a_link_to_another_host_or_to_the_same_page_is_not_followed() {
        let start = || By::Link.start("https://a.example/items".parse().unwrap());
        for link in ["<https://b.example/items?page=2>; rel=next", "</items>; rel=next"] {
            let error = By::Link.next(start(), &answer(link), &Value::Null, 1).err().unwrap();
            assert_eq!((error.code.as_ref(), error.retryable), ("BAD_PAGING", false));
        }
    }

    #[test]
    fn a_query_parameter_is_replaced() {
        let mut url: Url = "https://a.example/?page=1&state=open".parse().unwrap();
        set_query(&mut url, "page", "2");
        assert_eq!(url.query(), Some("state=open&page=2"));
    }
}
