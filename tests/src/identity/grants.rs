//! Roles that an organization makes itself: the grants decide together, each action for itself.

use serde_json::{Value, json};

use crate::harness::{Client, World, hook, steps};

const RENAME: &str =
    "mutation($id: ID!) { updateFlowDraft(input: { flowId: $id, name: \"Renamed\" }) { flow { name } } }";
const DELETE: &str = "mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletedId } }";
const READ: &str = "query($id: ID!) { flow(id: $id) { name } }";

async fn create(client: &Client) -> Value {
    let create = "mutation($steps: [StepInput!]) {
        createFlow(input: { name: \"Mine\", steps: $steps }) { flow { id } } }";
    let made = client.send(create, json!({ "steps": steps([hook()]) })).await;
    json!({ "id": made.text("/createFlow/flow/id") })
}

#[tokio::test]
async fn own_things_for_one_action_and_all_for_another() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let grants = [("read", "flow", false), ("create", "flow", false), ("update", "flow", true)];
    let bob = world.member(&ada, "editor", &grants).await;
    let (theirs, own) = (create(&ada).await, create(&bob).await);
    assert_eq!(bob.send("{ flows { totalCount } }", json!({})).await.at("/flows/totalCount"), 2);
    bob.send(READ, theirs.clone()).await;
    bob.refused(RENAME, theirs.clone(), "NOT_FOUND").await;
    assert_eq!(ada.send(READ, theirs.clone()).await.at("/flow/name"), "Mine");
    assert_eq!(bob.send(RENAME, own.clone()).await.at("/updateFlowDraft/flow/name"), "Renamed");
    for flow in [own, theirs] {
        bob.refused(DELETE, flow, "FORBIDDEN").await;
    }
    world.end().await;
}

#[tokio::test]
async fn the_wider_of_two_grants_decides() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let grants = [
        ("read", "flow", true),
        ("update", "flow", true),
        ("manage", "flow", false),
        ("read", "thread", true),
    ];
    let bob = world.member(&ada, "lead", &grants).await;
    let theirs = create(&ada).await;
    assert_eq!(bob.send(READ, theirs.clone()).await.at("/flow/name"), "Mine");
    assert_eq!(bob.send(RENAME, theirs.clone()).await.at("/updateFlowDraft/flow/name"), "Renamed");
    bob.send(DELETE, theirs.clone()).await;
    ada.refused(READ, theirs, "NOT_FOUND").await;
    // The grants on flows say nothing about threads.
    ada.say("Hello").await;
    assert_eq!(bob.send("{ threads { totalCount } }", json!({})).await.at("/threads/totalCount"), 0);
    bob.turn_refused("sendMessage", json!({ "text": "Hello" }), "FORBIDDEN").await;
    world.end().await;
}
