//! Pages of a collection.

use bson::{Document, doc};
use mongodb::Collection;
use serde::{Serialize, de::DeserializeOwned};

use super::{KeyKind, KeyValue, Page, PageArgs, Total, Window};
use crate::{
    collections::{all, in_time},
    error::{Invalid, StoreError},
};

/// The sort order of a list of documents. All keys have one direction, so that one index serves both directions.
pub struct Sorted<D> {
    list: &'static str,
    keys: Vec<Key<D>>,
    kinds: Vec<KeyKind>,
    descending: bool,
}

struct Key<D> {
    field: &'static str,
    value: fn(&D) -> KeyValue,
}

impl<D> Sorted<D>
where
    D: Serialize + DeserializeOwned + Unpin + Send + Sync + 'static,
{
    /// A list in this direction, by the keys that [`Sorted::by`] adds. Its cursors contain its name, so that other
    /// lists refuse them.
    #[must_use]
    pub fn new(list: &'static str, descending: bool) -> Self {
        Self { list, keys: Vec::new(), kinds: Vec::new(), descending }
    }

    /// Adds a key; the last key must be unique. `value` reads `field` of a document.
    #[must_use]
    pub fn by(mut self, field: &'static str, kind: KeyKind, value: fn(&D) -> KeyValue) -> Self {
        self.keys.push(Key { field, value });
        self.kinds.push(kind);
        self
    }

    /// Checks the arguments of a connection for this list.
    ///
    /// # Errors
    /// See [`Window::parse`].
    pub fn window(&self, args: &PageArgs) -> Result<Window, Invalid> {
        Window::parse(args, self.list, &self.kinds)
    }

    /// Reads a page of the documents that match the filter.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn page(
        &self,
        collection: &Collection<D>,
        filter: Document,
        window: &Window,
    ) -> Result<Page<D>, StoreError> {
        let mut conditions = vec![filter.clone()];
        let below = |descending: bool| if descending { "$lt" } else { "$gt" };
        if let Some(after) = &window.after {
            conditions.push(self.beside(after, below(self.descending)));
        }
        if let Some(before) = &window.before {
            conditions.push(self.beside(before, below(!self.descending)));
        }
        let direction = if self.descending == window.backward { 1 } else { -1 };
        let sort: Document = self.keys.iter().map(|key| (key.field.to_owned(), direction.into())).collect();
        let find = collection
            .find(doc! { "$and": conditions })
            .sort(sort)
            .limit(i64::try_from(window.fetch()).unwrap_or(i64::MAX));
        let found = all(find).await?;
        let collection = collection.clone();
        let total = Total::counted(move || {
            let (collection, filter) = (collection.clone(), filter.clone());
            async move { in_time(collection.count_documents(filter)).await }
        });
        let key = |document: &D| self.keys.iter().map(|key| (key.value)(document)).collect();
        Ok(Page::of_fetched(window, found, key, total))
    }

    /// The documents on one side of a cursor: different in one key, and equal in the keys before it.
    fn beside(&self, cursor: &[KeyValue], operator: &str) -> Document {
        let mut equal = Document::new();
        let mut arms = Vec::with_capacity(self.keys.len());
        for (key, value) in self.keys.iter().zip(cursor) {
            let mut arm = equal.clone();
            arm.insert(key.field, doc! { operator: value.to_bson() });
            arms.push(arm);
            equal.insert(key.field, value.to_bson());
        }
        doc! { "$or": arms }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_is_compared_key_by_key() {
        let sorted = Sorted::<Document>::new("things", true)
            .by("createdAt", KeyKind::Time, |_| KeyValue::Integer(0))
            .by("_id", KeyKind::Id, |_| KeyValue::Integer(0));
        let (at, id) = (DateTime::from_timestamp_millis(5).unwrap(), Uuid::from_u128(1));
        let beside = sorted.beside(&[KeyValue::Time(at), KeyValue::Id(id)], "$lt");
        let (at, id) = (bson::DateTime::from_millis(5), bson::Uuid::from_bytes(id.into_bytes()));
        let expected = doc! { "$or": [
            { "createdAt": { "$lt": at } },
            { "createdAt": at, "_id": { "$lt": id } },
        ] };
        assert_eq!(beside, expected);
    }
}
