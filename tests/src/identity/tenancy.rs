//! Another organization's ids are not found, wherever an id is taken.

use serde_json::json;

use crate::harness::World;

#[tokio::test]
async fn another_organizations_ids_are_not_found() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let hook = json!({ "key": "hook", "integration": "webhook", "operation": "received" });
    let (flow, _) = ada.published_flow(json!([hook])).await;
    let execution = ada.run_flow(&flow, json!({})).await;
    ada.finished(&execution).await;
    let deep = "query($id: ID!) { flow(id: $id) { owner { id } draft { id steps { id } } } }";
    let seen = ada.send(deep, json!({ "id": flow })).await;
    let ran = "query($id: ID!) { execution(id: $id) { steps { nodes { id } } } }";
    let steps = ada.send(ran, json!({ "id": execution })).await;
    let credential = ada
        .send(
            "mutation($f: JSON!) { createCredential(input: { integration: \"http\", name: \"Key\", fields: $f }) {
               credential { id } } }",
            json!({ "f": { "bearerToken": "secret" } }),
        )
        .await
        .text("/createCredential/credential/id");

    let nodes = [
        flow.clone(),
        execution.clone(),
        credential.clone(),
        seen.text("/flow/owner/id"),
        seen.text("/flow/draft/id"),
        seen.text("/flow/draft/steps/0/id"),
        steps.text("/execution/steps/nodes/0/id"),
    ];
    for id in &nodes {
        let own = ada.send("query($id: ID!) { node(id: $id) { id __typename } }", json!({ "id": id })).await;
        assert_eq!(own.at("/node/id"), id.as_str());
        eve.refused("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id }), "NOT_FOUND").await;
    }
    let all = eve.send("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": nodes })).await;
    assert!(all.at("/nodes").as_array().unwrap().iter().all(serde_json::Value::is_null));

    for (query, id) in [
        ("query($id: ID!) { flow(id: $id) { id } }", &flow),
        ("query($id: ID!) { execution(id: $id) { id } }", &execution),
        (
            "mutation($id: ID!) { updateFlowDraft(input: { flowId: $id, name: \"x\" }) { flow { id } } }",
            &flow,
        ),
        ("mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }", &flow),
        ("mutation($id: ID!) { pauseFlow(input: { flowId: $id }) { flow { id } } }", &flow),
        ("mutation($id: ID!) { duplicateFlow(input: { flowId: $id }) { flow { id } } }", &flow),
        ("mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletedId } }", &flow),
        ("mutation($id: ID!) { runFlow(input: { flowId: $id }) { execution { id } } }", &flow),
        (
            "mutation($id: ID!) { cancelExecution(input: { executionId: $id }) { execution { id } } }",
            &execution,
        ),
        (
            "mutation($id: ID!) { retryExecution(input: { executionId: $id }) { execution { id } } }",
            &execution,
        ),
        ("mutation($id: ID!) { deleteCredential(input: { id: $id }) { deletedId } }", &credential),
    ] {
        eve.refused(query, json!({ "id": id }), "NOT_FOUND").await;
        // Another kind of id is a clear error.
        let wrong =
            eve.refused(query, json!({ "id": "org_01h2xcejqtf2nbrexx3vqjhp41" }), "BAD_USER_INPUT").await;
        assert_eq!(wrong.fields().len(), 1, "{:#}", wrong.0);
    }
    // Somebody else's credential cannot be used either.
    let step =
        json!([{ "key": "x", "integration": "http", "operation": "request", "credentialId": credential }]);
    let create =
        "mutation($s: [StepInput!]) { createFlow(input: { name: \"x\", steps: $s }) { flow { id } } }";
    let refused = eve.refused(create, json!({ "s": step }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["steps.0.credentialId"]);

    let mut socket = eve.socket().await;
    let live = "subscription($id: ID!) { executionEvents(executionId: $id) { seq } }";
    socket.subscribe("1", live, json!({ "id": execution })).await;
    let refusal = socket.read().await.to_string();
    assert!(refusal.contains("NOT_FOUND"), "{refusal}");

    for list in ["flows", "executions", "credentials"] {
        let reply = eve.send(&format!("{{ {list} {{ totalCount nodes {{ id }} }} }}"), json!({})).await;
        assert_eq!(reply.at(&format!("/{list}/totalCount")), 0);
    }
    world.end().await;
}
