//! The standard operations of every collection that has them. The collections are read from the schema, so a new one
//! is covered as soon as it is registered.

use serde_json::{Value, json};

use crate::harness::{Client, Collection, Schema, World};

/// The object in the payload of a mutation.
async fn changed(client: &Client, of: &Collection, verb: &str, variables: Value) -> Value {
    let mutation = if verb == "create" { of.create() } else { of.update() };
    let reply = client.send(&mutation, variables).await;
    reply.at(&format!("/{verb}{}/{}", of.name, of.one)).clone()
}

async fn total(client: &Client, of: &Collection) -> Value {
    let list = client.send(&format!("{{ {} {{ totalCount nodes {{ id }} }} }}", of.many), json!({})).await;
    let total = list.at(&format!("/{}/totalCount", of.many)).clone();
    assert_eq!(total, list.at(&format!("/{}/nodes", of.many)).as_array().expect("a list").len());
    total
}

#[tokio::test]
async fn objects_of_each_collection_are_created_once_updated_by_version_and_deleted() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let viewer = world.member(&ada, "viewer", &[]).await;
    let collections = Schema::of(&ada).await.collections();
    assert!(!collections.is_empty());
    for of in &collections {
        let mut required = of.required.clone();
        required["clientId"] = json!("once");
        let created = changed(&ada, of, "create", json!({ "input": required })).await;
        assert_eq!(created["version"], 1, "{}", of.name);
        assert_eq!(changed(&ada, of, "create", json!({ "input": required })).await, created);
        let others = changed(&eve, of, "create", json!({ "input": required })).await;
        assert_ne!(others["id"], created["id"], "{}: a key is its creator's own", of.name);
        viewer.refused(&of.create(), json!({ "input": required }), "FORBIDDEN").await;

        let id = created["id"].as_str().expect("an id");
        let mut fields = of.required.clone();
        fields["expectedVersion"] = json!(1);
        let updated = changed(&ada, of, "update", of.input(id, &fields)).await;
        assert_eq!(updated["version"], 2, "{}", of.name);
        ada.refused(&of.update(), of.input(id, &fields), "CONFLICT").await;

        let (get, node) = (
            format!("query($id: ID!) {{ {}(id: $id) {{ id version }} }}", of.one),
            format!("query($id: ID!) {{ node(id: $id) {{ id ... on {} {{ version }} }} }}", of.name),
        );
        assert_eq!(*ada.send(&get, json!({ "id": id })).await.at(&format!("/{}", of.one)), updated);
        assert_eq!(*ada.send(&node, json!({ "id": id })).await.at("/node"), updated);
        for query in [&get, &node] {
            eve.refused(query, json!({ "id": id }), "NOT_FOUND").await;
        }
        eve.refused(&of.update(), of.input(id, &of.required), "NOT_FOUND").await;
        eve.refused(&of.delete(), of.input(id, &json!({})), "NOT_FOUND").await;
        assert_eq!((total(&ada, of).await, total(&eve, of).await), (json!(1), json!(1)));

        ada.send(&of.delete(), of.input(id, &json!({}))).await;
        ada.refused(&of.delete(), of.input(id, &json!({})), "NOT_FOUND").await;
        ada.refused(&get, json!({ "id": id }), "NOT_FOUND").await;
        assert_eq!((total(&ada, of).await, total(&eve, of).await), (json!(0), json!(1)));
    }
    world.end().await;
}
