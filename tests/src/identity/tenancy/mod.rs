//! Objects of another organization and private objects of another member are not found, in every field that takes an id
//! or returns a node. The fields are read from the schema, so new fields are covered.

mod attack;
mod household;
mod sites;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use attack::Attacker;
use serde_json::json;
use walk::Reached;

use crate::harness::{Client, Schema, World};

/// Private to their owner, with every role.
const PRIVATE: [&str; 7] = ["ApiToken", "AuditEvent", "Generation", "Message", "Preset", "Session", "Thread"];
/// Visible to all members of the organization.
const SHARED: [&str; 3] = ["Organization", "Role", "User"];

/// A world with limits that generated documents do not exceed.
async fn world() -> World {
    World::start_with(&|config| {
        config.limits.depth = 50;
        config.limits.complexity = 10_000_000;
        config.limits.aliases = 1000;
        config.limits.tokens = 100_000;
    })
    .await
}

/// The objects that `victim` can reach and `stranger` must not. They include every type with an id.
async fn furnished(world: &World, schema: &Schema, client: &Client) -> Reached {
    household::furnish(world, client).await;
    let reached = Reached::by(client, schema).await;
    let known: BTreeSet<_> = reached.ids.values().map(String::as_str).collect();
    let missing: Vec<_> =
        schema.identified().map(|kind| kind.name.as_str()).filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "nothing of these types is reached; let `furnish` make one: {missing:?}");
    reached
}

/// Sends foreign ids, and checks that no foreign object is reached or changed.
async fn hold_off(schema: &Schema, victim: &Client, attacker: Attacker<'_>, foreign: &BTreeMap<&str, &str>) {
    let theirs = Reached::by(victim, schema).await;
    attacker.try_all(schema, foreign).await;
    let seen = Reached::by(attacker.client, schema).await;
    let answers = json!(seen.answers).to_string();
    let leaked: Vec<_> = foreign.iter().filter(|(id, _)| answers.contains(**id)).collect();
    assert!(leaked.is_empty(), "{} reaches things of others: {leaked:?}", attacker.name);
    let after = Reached::by(victim, schema).await;
    for (place, before) in &theirs.answers {
        assert_eq!(after.answers.get(place), Some(before), "{} has changed {place}", attacker.name);
    }
}

/// Removes the records about the attacker, which the owner of the organization sees too.
fn retain_of_others<'a>(foreign: &mut BTreeMap<&'a str, &'a str>, own: &Reached) {
    foreign.retain(|id, kind| !["AuditEvent", "Member"].contains(kind) || !own.ids.contains_key(*id));
    assert!(foreign.values().any(|kind| *kind == "AuditEvent"), "records about others");
}

/// The URLs of the webhooks that a client can see.
fn webhooks(reached: &Reached) -> BTreeSet<String> {
    let urls = reached.answers.values().filter_map(|answer| answer["node"]["webhookUrl"].as_str());
    urls.map(str::to_owned).collect()
}

#[tokio::test]
async fn objects_of_another_organization_are_not_found() {
    let world = world().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let schema = Schema::of(&ada).await;
    let theirs = furnished(&world, &schema, &ada).await;
    let own = furnished(&world, &schema, &eve).await;
    let attacker = Attacker { name: "a stranger", client: &eve, own: &own, every_kind: true };
    hold_off(&schema, &ada, attacker, &theirs.of_types(|_| true)).await;
    world.end().await;
}

#[tokio::test]
async fn private_objects_are_not_found_by_other_members() {
    let world = world().await;
    let ada = world.newcomer().await;
    let bob = world.member(&ada, "member", &[]).await;
    let schema = Schema::of(&ada).await;
    let theirs = furnished(&world, &schema, &ada).await;
    let own = furnished(&world, &schema, &bob).await;
    // Shared objects are visible, so the walk would find private ones too.
    let flows = theirs.of_types(|name| name == "Flow");
    assert!(flows.keys().all(|flow| own.ids.contains_key(*flow)));
    // The response to a step of a flow belongs to the execution, which members share.
    let shared = own.of_types(|name| name == "Generation");
    let mut foreign = theirs.of_types(|name| PRIVATE.contains(&name));
    foreign.retain(|id, kind| *kind != "Generation" || !shared.contains_key(id));
    retain_of_others(&mut foreign, &own);
    assert!(foreign.values().any(|kind| *kind == "Generation"), "the response in the thread");
    let attacker = Attacker { name: "another member", client: &bob, own: &own, every_kind: false };
    hold_off(&schema, &ada, attacker, &foreign).await;
    world.end().await;
}

#[tokio::test]
async fn a_role_limited_to_own_objects_does_not_find_those_of_other_members() {
    let world = world().await;
    let ada = world.newcomer().await;
    let carl = world.member_of_own_things(&ada).await;
    let schema = Schema::of(&ada).await;
    let theirs = furnished(&world, &schema, &ada).await;
    let own = furnished(&world, &schema, &carl).await;
    let (hidden, visible) = (webhooks(&theirs), webhooks(&own));
    assert!(!hidden.is_empty() && !visible.is_empty() && hidden.is_disjoint(&visible));
    let mut foreign = theirs.of_types(|name| !SHARED.contains(&name));
    assert_eq!(own.of_types(|name| name == "Member").len(), 1, "a member of own things sees themselves only");
    retain_of_others(&mut foreign, &own);
    let attacker =
        Attacker { name: "a member with a role for own things", client: &carl, own: &own, every_kind: false };
    hold_off(&schema, &ada, attacker, &foreign).await;
    world.end().await;
}
