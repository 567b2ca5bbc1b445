//! Records: documents that consist of standard fields and a content. Most collections are records; one that needs
//! other fields implements [`Collection`] itself.

use std::fmt;

use bson::{DateTime, RawDocumentBuf, doc};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};

use super::{collection::Collection, index::Index};
use crate::{
    access::Subject,
    ids::{Id, OrganizationId, UserId},
};

/// The content of a record, and what its collection is called.
pub trait Content: Serialize + DeserializeOwned + Clone + fmt::Debug + Unpin + Send + Sync + 'static {
    /// The name of the collection in MongoDB, and of the list in GraphQL.
    const NAME: &'static str;
    /// The name of one record in messages: "no such preset".
    const NOUN: &'static str;
    /// The subject of permissions on these records.
    const SUBJECT: Subject;

    type Id: Id;

    /// The indexes beyond those of every record: the list in the order of creation, and the idempotency key.
    fn indexes() -> Vec<Index> {
        Vec::new()
    }
}

/// A document with the standard fields and its content.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<T: Content> {
    #[serde(rename = "_id")]
    pub id: T::Id,
    pub organization_id: OrganizationId,
    pub owner_id: UserId,
    /// Counts up from 1 with each change.
    pub version: i32,
    /// The creator's idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    #[serde(flatten)]
    pub content: T,
}

/// The standard fields alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "")]
struct Standard<T: Content> {
    #[serde(rename = "_id")]
    id: T::Id,
    organization_id: OrganizationId,
    owner_id: UserId,
    version: i32,
    client_id: Option<String>,
    created_at: DateTime,
    updated_at: DateTime,
}

/// Reads the document twice instead of `#[serde(flatten)]`, which loses the types of BSON.
impl<'de, T: Content> Deserialize<'de> for Record<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawDocumentBuf::deserialize(deserializer)?;
        let Standard::<T> { id, organization_id, owner_id, version, client_id, created_at, updated_at } =
            bson::deserialize_from_slice(raw.as_bytes()).map_err(D::Error::custom)?;
        let content = bson::deserialize_from_slice(raw.as_bytes()).map_err(D::Error::custom)?;
        Ok(Self { id, organization_id, owner_id, version, client_id, created_at, updated_at, content })
    }
}

impl<T: Content> Collection for Record<T> {
    const NAME: &'static str = T::NAME;
    const NOUN: &'static str = T::NOUN;
    const SUBJECT: Subject = T::SUBJECT;
    const REMOVED_WITH_OWNER: bool = T::SUBJECT.is_private();
    const VERSIONED: bool = true;

    type Id = T::Id;

    fn id(&self) -> T::Id {
        self.id
    }

    fn indexes() -> Vec<Index> {
        let own = Index::new("list", doc! { "organizationId": 1, "ownerId": 1, "_id": -1 });
        // Lists of private records have one owner.
        let all =
            (!T::SUBJECT.is_private()).then(|| Index::new("all", doc! { "organizationId": 1, "_id": -1 }));
        // For the deletion of an account.
        let removed = T::SUBJECT.is_private().then(|| Index::new("owner", doc! { "ownerId": 1 }));
        [own, Index::client("ownerId")].into_iter().chain(all).chain(removed).chain(T::indexes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::conversations::{generation::Parameters, preset::Preset};

    #[test]
    fn a_record_is_read_as_it_was_written_and_ignores_unknown_fields() {
        let record = Record {
            id: Id::from_uuid(uuid::Uuid::from_u128(1)),
            organization_id: Id::from_uuid(uuid::Uuid::from_u128(2)),
            owner_id: Id::from_uuid(uuid::Uuid::from_u128(3)),
            version: 4,
            client_id: None,
            created_at: DateTime::from_millis(5),
            updated_at: DateTime::from_millis(6),
            content: Preset {
                name: "Terse".to_owned(),
                model: None,
                system: Some("Answer in one word.".to_owned()),
                parameters: Parameters { temperature: Some(0.5), ..Parameters::default() },
            },
        };
        let mut written = bson::serialize_to_document(&record).unwrap();
        assert_eq!((written.get_str("name").ok(), written.get("content")), (Some("Terse"), None));
        written.insert("later", doc! { "added": true });
        let read: Record<Preset> =
            bson::deserialize_from_slice(&bson::serialize_to_vec(&written).unwrap()).unwrap();
        written.remove("later");
        assert_eq!(bson::serialize_to_document(&read).unwrap(), written);
        let read: Record<Preset> = bson::deserialize_from_document(written.clone()).unwrap();
        assert_eq!(bson::serialize_to_document(&read).unwrap(), written);
    }
}
