//! Sort keys, and the cursors that consist of them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bson::Bson;
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use smallvec::SmallVec;
use triptych_entities::ids::Id;
use uuid::Uuid;

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyValue {
    Id(Uuid),
    Integer(i64),
    Text(String),
    Time(DateTime<Utc>),
}

/// The sort values of an item. Most lists are sorted by one.
pub(super) type Keys = SmallVec<[KeyValue; 1]>;

/// The type of a [`KeyValue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    Id,
    Integer,
    Text,
    Time,
}

impl<I: Id> From<I> for KeyValue {
    fn from(id: I) -> Self {
        Self::Id(id.uuid())
    }
}

impl KeyValue {
    fn to_json(&self) -> Json {
        match self {
            Self::Id(id) => id.simple().to_string().into(),
            Self::Integer(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Time(at) => at.timestamp_micros().into(),
        }
    }

    fn from_json(kind: KeyKind, json: Json) -> Option<Self> {
        Some(match (kind, json) {
            (KeyKind::Id, Json::String(text)) => Self::Id(Uuid::try_parse(&text).ok()?),
            (KeyKind::Integer, json) => Self::Integer(json.as_i64()?),
            (KeyKind::Text, Json::String(text)) => Self::Text(text),
            (KeyKind::Time, json) => Self::Time(DateTime::from_timestamp_micros(json.as_i64()?)?),
            _ => return None,
        })
    }

    /// As a parameter of a SQL statement.
    pub(super) fn to_sql(&self) -> sea_orm::Value {
        match self {
            Self::Id(id) => (*id).into(),
            Self::Integer(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Time(at) => (*at).into(),
        }
    }

    /// As a value of a MongoDB filter, where times have milliseconds.
    pub(super) fn to_bson(&self) -> Bson {
        match self {
            Self::Id(id) => bson::Uuid::from_bytes(id.into_bytes()).into(),
            Self::Integer(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Time(at) => triptych_entities::documents::to_bson(*at).into(),
        }
    }
}

/// Encodes the sort values of an item as an opaque cursor, which names its list.
pub(super) fn encode(list: &str, values: &[KeyValue]) -> String {
    let json: Vec<Json> = [list.into()].into_iter().chain(values.iter().map(KeyValue::to_json)).collect();
    URL_SAFE_NO_PAD.encode(Json::Array(json).to_string())
}

/// Decodes a cursor of the list with this name, which is sorted by values of these kinds.
pub(super) fn decode(cursor: &str, list: &str, kinds: &[KeyKind]) -> Option<Vec<KeyValue>> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let mut json: Vec<Json> = serde_json::from_slice(&bytes).ok()?;
    if json.len() != kinds.len() + 1 || json.remove(0) != list {
        return None;
    }
    kinds.iter().zip(json).map(|(kind, json)| KeyValue::from_json(*kind, json)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_decoded_only_for_its_list_and_kinds() {
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let values = vec![
            KeyValue::Time(at),
            KeyValue::Text("a \u{1f600}".to_owned()),
            KeyValue::Integer(-7),
            KeyValue::Id(Uuid::from_u128(9)),
        ];
        let kinds = [KeyKind::Time, KeyKind::Text, KeyKind::Integer, KeyKind::Id];
        let cursor = encode("a", &values);
        assert_eq!(decode(&cursor, "a", &kinds), Some(values));
        assert_eq!(decode(&cursor, "b", &kinds), None);
        assert_eq!(decode(&cursor, "a", &kinds[1..]), None);
        assert_eq!(decode(&cursor, "a", &[KeyKind::Id, KeyKind::Text, KeyKind::Integer, KeyKind::Id]), None);
        for forged in ["", "!", "W10", "bnVsbA", &URL_SAFE_NO_PAD.encode("{}")] {
            assert_eq!(decode(forged, "a", &kinds), None, "{forged}");
        }
    }
}
