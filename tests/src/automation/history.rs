//! Decisions on stored executions are repeatable, and invalid stored data are reported.

use serde_json::json;

use crate::harness::{LocalServer, World, get, hook, step, steps, text};

const RETRY: &str =
    "mutation($id: ID!) { retryExecution(input: { executionId: $id }) { execution { id status } } }";

#[tokio::test]
async fn a_retried_execution_keeps_the_chosen_branch() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let flaky =
        get("big", &format!("{}/flaky", local.url)).retry(json!({ "maxAttempts": 2, "initialDelayMs": 1 }));
    let steps = steps([hook(), step("branch.when").key("size"), flaky, text("small", "x")]);
    let links = json!([
        { "from": "hook", "to": "size" },
        { "from": "size", "to": "big", "kind": "BRANCH", "condition": "trigger.body.n > 10" },
        { "from": "size", "to": "small", "kind": "BRANCH" },
    ]);
    let (flow, _) = ada.published_graph(steps, links).await;
    let id = ada.run_flow(&flow, json!({ "n": 11 })).await;
    let failed = ada.finished(&id).await;
    assert_eq!(failed.at("/execution/status"), "FAILED", "{:#}", failed.0);
    assert_eq!(failed.step("size")["output"], json!({ "taken": "big" }));
    // The output is for users and templates; the links that are followed depend on the report of the step.
    world
        .execute("UPDATE execution_steps SET output = '{\"taken\": \"small\"}' WHERE output ? 'taken'")
        .await;
    ada.send(RETRY, json!({ "id": id })).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.step("big")["status"], "SUCCEEDED");
    assert_eq!(done.step("small")["status"], "SKIPPED");
    world.end().await;
}

#[tokio::test]
async fn a_retried_execution_keeps_the_result_of_a_filter() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let never = json!({ "conditions": [[{ "value": 1, "operator": "equal", "against": 2 }]] });
    let flaky =
        get("flaky", &format!("{}/flaky", local.url)).retry(json!({ "maxAttempts": 2, "initialDelayMs": 1 }));
    let steps =
        steps([hook(), step("filter.continue_if").key("gate").parameters(never), flaky, text("after", "x")]);
    let links = json!([
        { "from": "hook", "to": "gate" }, { "from": "gate", "to": "after" }, { "from": "hook", "to": "flaky" },
    ]);
    let (flow, _) = ada.published_graph(steps, links).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let failed = ada.finished(&id).await;
    assert_eq!(failed.at("/execution/status"), "FAILED", "{:#}", failed.0);
    world.execute("UPDATE execution_steps SET output = '{\"passed\": true}' WHERE output ? 'passed'").await;
    ada.send(RETRY, json!({ "id": id })).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.step("flaky")["status"], "SUCCEEDED");
    assert_eq!(done.step("after")["status"], "SKIPPED");
    world.end().await;
}

#[tokio::test]
async fn an_invalid_retry_policy_fails_the_step() {
    let mut world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let fetch = get("fetch", &format!("{}/echo", local.url)).retry(json!({ "maxAttempts": 2 }));
    let (flow, _) = ada.published_flow(steps([hook(), fetch])).await;
    world.execute("UPDATE steps SET retry = '{\"maxAttempts\": \"many\"}' WHERE retry IS NOT NULL").await;
    // The graph of a version is immutable, so a process reads it once.
    world.restart().await;
    let ada = ada.moved_to(&world.url);
    let id = ada.run_flow(&flow, json!({})).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "FAILED", "{:#}", done.0);
    assert_eq!(done.step("fetch")["error"]["code"], "CORRUPT");
    assert_eq!(local.hits(), 0, "nothing is done that could not be tried again as it should be");
    let read = "query($id: ID!) { flow(id: $id) { draft { steps { retry { maxAttempts } } } } }";
    ada.refused(read, json!({ "id": flow }), "INTERNAL").await;
    let publish = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { status } } }";
    ada.refused(publish, json!({ "id": flow }), "INTERNAL").await;
    world.end().await;
}
