//! Changes of the fields of a document.

use bson::{Bson, Document, doc};
use serde::{Serialize, Serializer};
use triptych_entities::documents::to_bson;

use super::documents::corrupt;
use crate::error::StoreError;

/// A field of an update that can be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Change<T> {
    /// The new value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Converts the new value.
    ///
    /// # Errors
    /// That of the conversion.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Change<U>, E> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(convert(value)?),
        })
    }

    /// The new value, if there is one.
    pub fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

/// For [`Changes::given`]: null is a field that is not given, so a field to remove is the undefined value of BSON.
impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => Bson::Null.serialize(serializer),
            Self::Clear => Bson::Undefined.serialize(serializer),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

/// Fields to set and to remove.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    set: Document,
    unset: Document,
}

impl Changes {
    /// Changes only the time of the last change.
    #[must_use]
    pub fn at(now: chrono::DateTime<chrono::Utc>) -> Self {
        Self { set: doc! { "updatedAt": to_bson(now) }, unset: Document::new() }
    }

    /// Sets the given fields. A field is given unless it is `None` or [`Change::Keep`]; [`Change::Clear`] removes it.
    ///
    /// # Errors
    /// If the fields have no representation in BSON.
    pub fn given(mut self, fields: &impl Serialize) -> Result<Self, StoreError> {
        for (field, value) in bson::serialize_to_document(fields).map_err(|error| corrupt(&error))? {
            match value {
                Bson::Null => {}
                Bson::Undefined => _ = self.unset.insert(field, ""),
                value => _ = self.set.insert(field, value),
            }
        }
        Ok(self)
    }

    /// Sets a field; null removes it.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Bson>) -> Self {
        match value.into() {
            Bson::Null => self.unset.insert(field, ""),
            value => self.set.insert(field, value),
        };
        self
    }

    /// Sets a field if there is a value for it.
    #[must_use]
    pub fn set_some(self, field: &str, value: Option<impl Into<Bson>>) -> Self {
        match value {
            Some(value) => self.set(field, value),
            None => self,
        }
    }

    pub(super) fn between(before: &Document, after: Document) -> Self {
        let unset = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), "".into()));
        let unset = unset.collect();
        let set = after.into_iter().filter(|(key, value)| {
            !matches!(key.as_str(), "_id" | "version") && before.get(key) != Some(value)
        });
        Self { set: set.collect(), unset }
    }

    pub(super) fn into_update(self, versioned: bool) -> Document {
        let mut update = Document::new();
        let count = if versioned {
            doc! { "version": 1 }
        } else {
            Document::new()
        };
        for (operator, fields) in [("$set", self.set), ("$unset", self.unset), ("$inc", count)] {
            if !fields.is_empty() {
                update.insert(operator, fields);
            }
        }
        update
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_contains_only_the_differences() {
        let before = doc! { "_id": 1, "version": 3, "a": 1, "b": 2, "gone": true };
        let changes = Changes::between(&before, doc! { "_id": 1, "version": 3, "a": 1, "b": 5, "new": "x" });
        let expected = doc! {
            "$set": { "b": 5, "new": "x" }, "$unset": { "gone": "" }, "$inc": { "version": 1 },
        };
        assert_eq!(changes.into_update(true), expected);
    }

    #[test]
    fn fields_that_are_not_given_are_kept() {
        #[derive(Serialize)]
        struct Fields {
            set: Change<i32>,
            cleared: Change<i32>,
            kept: Change<i32>,
            given: Option<i32>,
            absent: Option<i32>,
        }
        let fields = Fields {
            set: Change::Set(1),
            cleared: Change::Clear,
            kept: Change::Keep,
            given: Some(2),
            absent: None,
        };
        let expected = doc! { "$set": { "set": 1, "given": 2 }, "$unset": { "cleared": "" } };
        assert_eq!(Changes::default().given(&fields).unwrap().into_update(false), expected);
    }

    #[test]
    fn null_removes_a_field_and_absence_does_not_change_it() {
        let changes =
            Changes::default().set("a", Bson::Null).set_some("b", None::<i32>).set_some("c", Some(1));
        assert_eq!(changes.into_update(false), doc! { "$set": { "c": 1 }, "$unset": { "a": "" } });
    }
}
