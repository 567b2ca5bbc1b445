//! Presets: what is created is found, changed with its version, and deleted.

use serde_json::json;

use crate::harness::World;

const CREATE: &str = "mutation($input: CreatePresetInput!) { createPreset(input: $input) { preset {
    id name model system version parameters { temperature stop } owner { name } } } }";
const UPDATE: &str = "mutation($input: UpdatePresetInput!) { updatePreset(input: $input) { preset {
    name system version } } }";
const DELETE: &str = "mutation($id: ID!) { deletePreset(input: { presetId: $id }) { deletedId } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { id ... on Preset { name version } } }";

#[tokio::test]
async fn presets_are_created_once_changed_with_their_version_and_deleted() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let input = json!({ "name": " Terse ", "model": "demo/echo", "system": "Answer in one word.",
        "parameters": { "temperature": 0.2, "stop": ["\n"] }, "clientId": "terse" });
    let created = ada.send(CREATE, json!({ "input": input })).await;
    let preset = created.at("/createPreset/preset").clone();
    assert_eq!((&preset["name"], &preset["version"]), (&json!("Terse"), &json!(1)));
    assert_eq!(preset["parameters"], json!({ "temperature": 0.2, "stop": ["\n"] }));
    assert_eq!(ada.send(CREATE, json!({ "input": input })).await.0, created.0);
    let id = created.text("/createPreset/preset/id");

    let rename = json!({ "presetId": id, "name": "Short", "expectedVersion": 1 });
    let changed = ada.send(UPDATE, json!({ "input": rename })).await;
    let expected = json!({ "name": "Short", "system": "Answer in one word.", "version": 2 });
    assert_eq!(*changed.at("/updatePreset/preset"), expected);
    ada.refused(UPDATE, json!({ "input": rename }), "CONFLICT").await;
    assert_eq!(ada.send(NODE, json!({ "id": id })).await.at("/node/version"), 2);

    let wrong = json!({ "name": "", "model": "nobody/nothing", "parameters": { "topP": 2 } });
    let refused = ada.refused(CREATE, json!({ "input": wrong }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["model", "parameters.topP", "name"]);

    let eve = world.newcomer().await;
    eve.refused(UPDATE, json!({ "input": { "presetId": id, "name": "Mine" } }), "NOT_FOUND").await;
    eve.refused(DELETE, json!({ "id": id }), "NOT_FOUND").await;
    eve.refused(NODE, json!({ "id": id }), "NOT_FOUND").await;
    let list = "{ presets { totalCount nodes { id } } }";
    assert_eq!(eve.send(list, json!({})).await.at("/presets/totalCount"), 0);
    assert_eq!(ada.send(list, json!({})).await.at("/presets/nodes/0/id"), id.as_str());

    ada.send(DELETE, json!({ "id": id })).await;
    ada.refused(DELETE, json!({ "id": id }), "NOT_FOUND").await;
    world.end().await;
}
