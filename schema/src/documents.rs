//! A cache of parsed documents. Clients repeat documents with other variables, so most requests need no parser.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use moka::sync::Cache;

/// The text of a document, and the operation that was chosen: a subscription is normalized for its operation.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) operation: Option<String>,
}

/// Parsed and normalized documents whose text is within the limits.
#[derive(Clone)]
pub(crate) struct Documents(Cache<Key, Arc<ExecutableDocument>>);

/// The capacity of the cache, in bytes of text. The parsed form of a document is about ten times as large.
const CAPACITY: u64 = 4 << 20;
/// The weight of a short document, which limits the number of documents to 1,024.
const MINIMUM_WEIGHT: u32 = 4 << 10;

impl Documents {
    pub(crate) fn new() -> Self {
        let weight = |key: &Key, _: &Arc<ExecutableDocument>| {
            u32::try_from(key.text.len()).unwrap_or(u32::MAX).max(MINIMUM_WEIGHT)
        };
        Self(Cache::builder().max_capacity(CAPACITY).weigher(weight).build())
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<ExecutableDocument>> {
        self.0.get(key)
    }

    pub(crate) fn insert(&self, key: Key, document: Arc<ExecutableDocument>) {
        self.0.insert(key, document);
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_number_and_the_size_of_documents_are_limited() {
        let documents = Documents::new();
        let parsed = Arc::new(parse_query("{ a }").unwrap());
        let key = |text: String| Key { text, operation: None };
        for number in 0..3_000 {
            documents.insert(key(format!("{{ a{number} }}")), parsed.clone());
        }
        documents.0.run_pending_tasks();
        assert!((1..=1_024).contains(&documents.0.entry_count()), "{}", documents.0.entry_count());
        let large = "x".repeat(5 << 20);
        documents.insert(key(large.clone()), parsed);
        documents.0.run_pending_tasks();
        assert!(documents.get(&key(large)).is_none());
    }
}
