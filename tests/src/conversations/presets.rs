//! Presets: their fields are checked, normalized and cleared.

use serde_json::json;

use crate::harness::{Reply, World};

const FIELDS: &str = "name model system parameters { temperature stop } owner { name }";

#[tokio::test]
async fn the_fields_of_a_preset_are_checked_normalized_and_cleared() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create = format!(
        "mutation($input: CreatePresetInput!) {{ createPreset(input: $input) {{ preset {{ id {FIELDS} }} }} }}"
    );
    let input = json!({ "name": " Terse ", "model": "demo/echo", "system": "Answer in one word.",
        "parameters": { "temperature": 0.2, "stop": ["\n"] } });
    let created = ada.send(&create, json!({ "input": input })).await;
    assert_eq!(*created.at("/createPreset/preset/name"), "Terse");
    let parameters = json!({ "temperature": 0.2, "stop": ["\n"] });
    assert_eq!(*created.at("/createPreset/preset/parameters"), parameters);

    let update = format!(
        "mutation($input: UpdatePresetInput!) {{ updatePreset(input: $input) {{ preset {{ {FIELDS} }} }} }}"
    );
    let id = created.text("/createPreset/preset/id");
    let clear = json!({ "presetId": id, "model": null });
    let preset = ada.send(&update, json!({ "input": clear })).await.at("/updatePreset/preset").clone();
    assert_eq!((&preset["model"], &preset["name"]), (&json!(null), &json!("Terse")));
    assert_eq!((&preset["system"], &preset["parameters"]), (&json!("Answer in one word."), &parameters));

    let wrong = json!({ "name": "", "model": "nobody/nothing", "parameters": { "topP": 2 } });
    let refused = ada.refused(&create, json!({ "input": wrong }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["name", "model", "parameters.topP"]);
    let message = |reply: Reply| reply.0["errors"][0]["message"].as_str().expect("a message").to_owned();
    for wrong in [json!({ "model": "demo/echo" }), json!({ "name": null })] {
        let refused = ada.refused(&create, json!({ "input": wrong }), "BAD_USER_INPUT").await;
        let message = message(refused);
        assert!(message.contains("\"name\"") || message.contains("input.name"), "{message}");
    }
    let refused = ada.refused(&update, json!({ "input": { "name": "Mine" } }), "BAD_USER_INPUT").await;
    assert!(message(refused).contains("\"presetId\""));
    world.end().await;
}
