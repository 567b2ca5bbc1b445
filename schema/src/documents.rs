//! A cache of parsed documents. Clients repeat documents with other variables, so most requests need no parser.

use std::sync::Arc;

use async_graphql::{
    Name,
    parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};
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

/// Copies a document for one request, with response keys of its own. Each object of a response counts references to its
/// keys. If all requests referred to the keys of the cached document, all processors would write to the same counters.
pub(crate) fn copy(document: Arc<ExecutableDocument>) -> ExecutableDocument {
    let mut document = Arc::unwrap_or_clone(document);
    match &mut document.operations {
        DocumentOperations::Single(operation) => own_keys(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                own_keys(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        own_keys(&mut fragment.node.selection_set.node);
    }
    document
}

fn own_keys(selected: &mut SelectionSet) {
    for item in &mut selected.items {
        match &mut item.node {
            Selection::Field(field) => {
                let field = &mut field.node;
                let key = field.alias.as_mut().unwrap_or(&mut field.name);
                key.node = Name::new(&key.node);
                own_keys(&mut field.selection_set.node);
            }
            Selection::InlineFragment(fragment) => own_keys(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
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

    #[test]
    fn a_copy_shares_no_response_keys() {
        fn keys(selected: &SelectionSet, found: &mut Vec<Name>) {
            for item in &selected.items {
                let within = match &item.node {
                    Selection::Field(field) => {
                        found.push(field.node.response_key().node.clone());
                        &field.node.selection_set
                    }
                    Selection::InlineFragment(fragment) => &fragment.node.selection_set,
                    Selection::FragmentSpread(_) => continue,
                };
                keys(&within.node, found);
            }
        }
        let all = |document: &ExecutableDocument| {
            let mut found = Vec::new();
            for (_, operation) in document.operations.iter() {
                keys(&operation.node.selection_set.node, &mut found);
            }
            for fragment in document.fragments.values() {
                keys(&fragment.node.selection_set.node, &mut found);
            }
            found
        };
        let query = "query A { a { x: b ... on C { d } ...F } } query B { e } fragment F on C { g }";
        let cached = Arc::new(parse_query(query).unwrap());
        let copied = copy(cached.clone());
        let (mut cached, mut copied) = (all(&cached), all(&copied));
        cached.sort();
        copied.sort();
        assert_eq!(cached, copied);
        assert_eq!(copied.len(), 5);
        assert!(cached.iter().zip(&copied).all(|(cached, copied)| cached.as_ptr() != copied.as_ptr()));
    }
}
