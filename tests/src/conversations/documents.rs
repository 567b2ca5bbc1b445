//! Bulk writes and replacement of documents against MongoDB.

use mongodb::bson::DateTime;
use serde_json::json;
use triptych_server::services::{
    access::Scope,
    collections::{BulkItem, Changes, Documents},
    documents::{
        conversations::preset::{Preset, PresetId},
        record::Record,
    },
    ids::{OrganizationId, UserId},
    uuid::Uuid,
};

use crate::harness::World;

fn preset(organization: u128, number: u128) -> Record<Preset> {
    let now = DateTime::from_millis(0);
    Record {
        id: id(number),
        organization_id: OrganizationId(Uuid::from_u128(organization)),
        owner_id: UserId(Uuid::from_u128(1)),
        version: 1,
        client_id: Some(format!("client {}", number % 1_000)),
        created_at: now,
        updated_at: now,
        content: Preset {
            name: "Old".to_owned(),
            model: None,
            system: Some("Be brief.".to_owned()),
            parameters: serde_json::from_value(json!({})).expect("no parameters"),
        },
    }
}

fn id(number: u128) -> PresetId {
    PresetId(Uuid::from_u128(number))
}

#[tokio::test]
async fn each_write_of_a_bulk_has_its_own_outcome() {
    let world = World::start().await;
    world.services().indexes.ensure().await.expect("the indexes are built");
    let presets: Documents<Record<Preset>> = world.services().stores.documents();
    // Two batches. The last two violate a unique index each: an id, and an idempotency key.
    let mut many: Vec<_> = (0..1_000).map(|number| preset(7, number)).collect();
    many.extend([preset(8, 2_000), preset(7, 5), preset(7, 3_005)]);
    let inserted = presets.insert_many(&many).await.expect("MongoDB answers");
    let duplicates: Vec<_> = (0..).zip(&inserted).filter(|(_, item)| **item == BulkItem::Duplicate).collect();
    assert_eq!(duplicates.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1_001, 1_002]);
    assert_eq!(inserted.iter().filter(|item| **item == BulkItem::Written).count(), 1_001);

    let scope = Scope::whole(OrganizationId(Uuid::from_u128(7)));
    let rename = |number| (id(number), Changes::default().set("name", "New"));
    let patched = presets.patch_many(scope, vec![rename(1), rename(2_000), rename(999)]).await;
    let expected = [BulkItem::Written, BulkItem::NotFound, BulkItem::Written];
    assert_eq!(patched.expect("MongoDB answers"), expected);
    let read = presets.get(scope, id(1)).await.expect("it exists");
    assert_eq!((read.content.name.as_str(), read.version), ("New", 2));

    assert_eq!(presets.delete_many(scope, &[id(1), id(2), id(2_000)]).await.expect("MongoDB answers"), 2);
    assert!(presets.get(scope, id(1)).await.is_err());
    let other = Scope::whole(OrganizationId(Uuid::from_u128(8)));
    assert!(presets.get(other, id(2_000)).await.is_ok(), "another organization's document is out of reach");
    world.end().await;
}

#[tokio::test]
async fn a_replacement_writes_the_differences_and_detects_a_concurrent_one() {
    let world = World::start().await;
    let presets: Documents<Record<Preset>> = world.services().stores.documents();
    let scope = Scope::own(OrganizationId(Uuid::from_u128(7)), UserId(Uuid::from_u128(1)));
    let before = presets.insert(preset(7, 1)).await.expect("MongoDB answers");
    // A field of a later version of the program.
    presets.patch(scope, id(1), Changes::default().set("later", true), None).await.expect("it exists");
    let mut after = before.clone();
    "New".clone_into(&mut after.content.name);
    after.content.system = None;
    let stale = presets.replace(scope, &before, &after, Some(before.version)).await;
    assert!(stale.is_err(), "the patch has incremented the version");
    let replaced = presets.replace(scope, &before, &after, Some(2)).await.expect("the version is current");
    assert_eq!((replaced.content.name.as_str(), replaced.content.system, replaced.version), ("New", None, 3));
    let later = presets.count(scope, [("later".to_owned(), true.into())].into_iter().collect()).await;
    assert_eq!(later.expect("MongoDB answers"), 1, "unknown fields are preserved");
    world.end().await;
}
