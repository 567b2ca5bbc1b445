//! Creates the indexes that `entities` declares.

use std::{collections::HashMap, future::IntoFuture as _, time::Duration};

use futures::TryStreamExt as _;
use mongodb::{
    Database, IndexModel,
    bson::{Bson, Document, doc},
    error::ErrorKind,
};
use triptych_entities::documents::{COLLECTIONS, index::Index};

use super::in_time;
use crate::error::StoreError;

/// Time limit of creating one index.
const CREATION_LIMIT: Duration = Duration::from_hours(6);

/// Creates the declared indexes. The server builds them without blocking reads and writes.
#[derive(Clone)]
pub struct Indexes {
    db: Database,
}

impl Indexes {
    pub fn new(db: Database) -> Self {
        Self { db }
    }

    /// Creates missing indexes and replaces changed ones. Idempotent. Callers run this in the background, as a query
    /// without its index is slow, but not wrong.
    ///
    /// # Errors
    /// If `MongoDB` does not answer, or if data violate a unique index; the other indexes are created.
    pub async fn ensure(&self) -> Result<(), StoreError> {
        self.ensure_those(|_| true).await
    }

    /// As [`Indexes::ensure`], for unique indexes only. [`UniqueRules`](super::UniqueRules) waits for this.
    ///
    /// # Errors
    /// As for [`Indexes::ensure`].
    pub async fn ensure_unique(&self) -> Result<(), StoreError> {
        self.ensure_those(|index| index.unique).await
    }

    async fn ensure_those(&self, wanted: fn(&Index) -> bool) -> Result<(), StoreError> {
        let mut failed = None;
        for info in COLLECTIONS {
            let (collection, declared) = (info.name, (info.indexes)());
            let existing = self.existing(collection).await?;
            for index in declared.into_iter().filter(wanted) {
                match existing.get(index.name) {
                    Some(definition) if matches(definition, &index) => continue,
                    Some(_) => {
                        tracing::info!(collection, index = index.name, "replacing an index");
                        in_time(self.db.collection::<Document>(collection).drop_index(index.name)).await?;
                    }
                    None => {}
                }
                if let Err(error) = self.create(collection, &index).await {
                    tracing::error!(collection, index = index.name, %error, "an index cannot be built");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The declared indexes that are missing or different on the server, as `collection.name`.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn pending(&self) -> Result<Vec<String>, StoreError> {
        let mut pending = Vec::new();
        for info in COLLECTIONS {
            let (collection, declared) = (info.name, (info.indexes)());
            let existing = self.existing(collection).await?;
            let missing = declared
                .iter()
                .filter(|index| !existing.get(index.name).is_some_and(|found| matches(found, index)));
            pending.extend(missing.map(|index| format!("{collection}.{}", index.name)));
        }
        Ok(pending)
    }

    /// The definitions on the server, by name. The type of the driver omits unknown options.
    async fn existing(&self, collection: &str) -> Result<HashMap<String, Document>, StoreError> {
        const NAMESPACE_NOT_FOUND: i32 = 26;
        let list = async {
            let cursor = self.db.run_cursor_command(doc! { "listIndexes": collection }).await?;
            cursor.try_collect::<Vec<Document>>().await
        };
        match in_time(list).await {
            Ok(found) => Ok(found
                .into_iter()
                .filter_map(|definition| Some((definition.get_str("name").ok()?.to_owned(), definition)))
                .collect()),
            Err(StoreError::Mongo(error)) if matches!(&*error.kind, ErrorKind::Command(c) if c.code == NAMESPACE_NOT_FOUND) => {
                Ok(HashMap::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Building an index of a large collection takes long, so it has a time limit of its own.
    async fn create(&self, collection: &str, index: &Index) -> Result<(), StoreError> {
        let mut options = mongodb::options::IndexOptions::builder().name(index.name.to_owned()).build();
        options.unique = index.unique.then_some(true);
        options.partial_filter_expression.clone_from(&index.only);
        let model = IndexModel::builder().keys(index.keys.clone()).options(options).build();
        let collection = self.db.collection::<Document>(collection);
        match tokio::time::timeout(CREATION_LIMIT, collection.create_index(model).into_future()).await {
            Ok(created) => Ok(created.map(drop)?),
            Err(_) => Err(StoreError::Timeout("MongoDB")),
        }
    }
}

fn matches(definition: &Document, index: &Index) -> bool {
    let same_keys = definition.get_document("key").is_ok_and(|keys| {
        keys.len() == index.keys.len()
            && keys.iter().zip(&index.keys).all(|((a, x), (b, y))| a == b && number(x) == number(y))
    });
    same_keys
        && definition.get_bool("unique").unwrap_or(false) == index.unique
        && definition.get_document("partialFilterExpression").ok() == index.only.as_ref()
}

/// Parses a direction, which the server returns as different types of numbers.
fn number(direction: &Bson) -> Option<i64> {
    match direction {
        Bson::Int32(n) => Some(i64::from(*n)),
        Bson::Int64(n) => Some(*n),
        #[expect(clippy::cast_possible_truncation, reason = "directions are 1 and -1")]
        Bson::Double(n) => Some(*n as i64),
        _ => None,
    }
}
