//! The catalogue of integrations, and operations of manifests.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, LocalServer, World, hook, step, steps};

async fn credential(client: &Client, integration: &str, fields: Value) -> String {
    let create =
        "mutation($input: CreateCredentialInput!) { createCredential(input: $input) { credential { id } } }";
    let input = json!({ "integration": integration, "name": "Key", "fields": fields });
    client.send(create, json!({ "input": input })).await.text("/createCredential/credential/id")
}

/// A step that publishes to the local server.
fn publish(local: &LocalServer, credential: &str, message: &str, attempts: u32) -> Value {
    let parameters =
        json!({ "server": format!("{}/ntfy", local.url), "topic": "backups", "message": message });
    let retry = json!({ "maxAttempts": attempts, "initialDelayMs": 1 });
    let tell = step("ntfy.publish").key("tell").parameters(parameters).credential(credential).retry(retry);
    steps([hook(), tell])
}

#[tokio::test]
async fn operations_of_manifests_and_of_rust_have_the_same_description() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let reply = ada
        .send(
            "{ integrations(first: 100) { totalCount nodes { key } }
               ntfy: integration(key: \"ntfy\") { name icon credential { required fields }
                 triggers { key } actions { key kind parameters output } }
               http: integration(key: \"http\") { icon credential { required fields } actions { key parameters } }
               schedule: integration(key: \"schedule\") { triggers { key kind } actions { key } } }",
            json!({}),
        )
        .await;
    let nodes = reply.at("/integrations/nodes").as_array().unwrap();
    let keys: Vec<&str> = nodes.iter().filter_map(|node| node["key"].as_str()).collect();
    assert!(
        keys.is_sorted() && ["ai", "gitea", "http", "ntfy"].iter().all(|key| keys.contains(key)),
        "{keys:?}"
    );
    assert_eq!(reply.at("/integrations/totalCount"), keys.len());
    assert_eq!((reply.at("/ntfy/icon"), reply.at("/http/icon")), (&json!("bell"), &json!("globe")));
    for schema in ["/ntfy/credential/fields", "/ntfy/actions/0/parameters", "/http/actions/0/parameters"] {
        assert_eq!(reply.at(schema)["additionalProperties"], false, "{schema}");
    }
    assert_eq!(reply.at("/ntfy/actions/0/parameters/required"), &json!(["topic", "message"]));
    assert_eq!(reply.at("/http/actions/0/parameters/required"), &json!(["url"]));
    assert_eq!(reply.at("/schedule/triggers/0"), &json!({ "key": "cron", "kind": "TRIGGER" }));
    assert_eq!(reply.at("/schedule/actions"), &json!([]));
    let search = "query($search: String) { integrations(search: $search) { totalCount nodes { key } } }";
    let found = ada.send(search, json!({ "search": " NTFY" })).await;
    assert_eq!(found.at("/integrations"), &json!({ "totalCount": 1, "nodes": [{ "key": "ntfy" }] }));
    world.end().await;
}

#[tokio::test]
async fn an_operation_of_a_manifest_is_retried_after_the_requested_wait() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let credential = credential(&ada, "ntfy", json!({ "token": "tk_good" })).await;
    let (flow, _) =
        ada.published_flow(publish(&local, &credential, "{{ trigger.body.host }} is done.", 2)).await;
    let id = ada.run_flow(&flow, json!({ "host": "db1" })).await;
    // The first request is answered with a time to wait.
    world.pass(Duration::from_mins(30)).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    let tell = done.step("tell");
    assert_eq!((&tell["attempt"], local.hits()), (&json!(2), 2));
    let expected =
        json!({ "id": "sPs71M8A2T", "time": 1_772_355_600, "topic": "backups", "message": "db1 is done." });
    assert_eq!(tell["output"], expected);
    assert!(!tell.to_string().contains("tk_good"));
    world.end().await;
}

#[tokio::test]
async fn an_error_of_a_service_fails_the_step_with_the_code_of_the_manifest() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let credential = credential(&ada, "ntfy", json!({ "token": "tk_wrong" })).await;
    let (flow, _) = ada.published_flow(publish(&local, &credential, "Hi", 3)).await;
    let id = ada.run_flow(&flow, json!({})).await;
    world.pass(Duration::from_mins(30)).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "FAILED", "{:#}", done.0);
    let error = &done.step("tell")["error"];
    assert_eq!(error["code"], "BAD_CREDENTIAL");
    assert!(error["message"].as_str().unwrap().ends_with("unauthorized"), "{error}");
    // The first response requests a wait, the second is a permanent error.
    assert_eq!(local.hits(), 2);
    world.end().await;
}

#[tokio::test]
async fn parameters_and_credentials_of_a_manifest_are_checked_before_a_flow_is_published() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }";
    let issue =
        |parameters: Value| steps([hook(), step("gitea.create_issue").key("issue").parameters(parameters)]);
    let wrong = issue(json!({ "owner": 7, "labels": ["bug"] }));
    let refused =
        ada.refused(create, json!({ "input": { "name": "Test", "steps": wrong } }), "BAD_USER_INPUT").await;
    let mut fields = refused.fields();
    fields.sort();
    assert_eq!(fields, ["steps.1.parameters", "steps.1.parameters.owner"]);

    let draft = issue(json!({ "owner": "acme", "repository": "site" }));
    let created = ada.send(create, json!({ "input": { "name": "Test", "steps": draft } })).await;
    let publish = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }";
    let refused =
        ada.refused(publish, json!({ "id": created.text("/createFlow/flow/id") }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["steps.1.credentialId", "steps.1.parameters.title"]);
    world.end().await;
}
