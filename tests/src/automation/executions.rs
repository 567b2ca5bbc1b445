//! Runs flows: triggers, results, retries, and recovery.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, LocalServer, Reply, World, delay, get, hook, step, steps, text, transformed};

async fn post(client: &Client, url: &str, body: &Value) -> String {
    let response = client.http().post(url).json(body).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let body: Value = response.json().await.unwrap();
    body["executionId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_webhook_runs_the_flow_and_the_history_contains_every_step() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let (_, url) = ada
        .published_flow(steps([
            hook(),
            step("http.request")
                .key("fetch")
                .parameters(json!({ "method": "POST", "url": format!("{}/echo", local.url),
                "json": { "name": "{{ trigger.body.name }}", "n": "{{ trigger.body.n }}" } })),
            transformed("shout", "uppercase", "{{ steps.fetch.output.body.body.name }}"),
            step("datastore.set")
                .key("remember")
                .parameters(json!({ "key": "last", "value": "{{ steps.shout.output.value }}" })),
            step("datastore.get").key("recall").parameters(json!({ "key": "last" })),
        ]))
        .await;
    let id = post(&ada, &url, &json!({ "name": "ada", "n": 42 })).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.at("/execution/trigger/body"), &json!({ "name": "ada", "n": 42 }));
    assert_eq!(done.at("/execution/steps/totalCount"), 5);
    // A value that consists of one template keeps its type.
    assert_eq!(done.step("fetch")["input"]["json"], json!({ "name": "ada", "n": 42 }));
    assert_eq!(done.step("fetch")["output"]["status"], 200);
    let key = done.step("fetch")["output"]["body"]["idempotencyKey"].as_str().unwrap();
    assert_eq!(key, done.step("fetch")["id"]);
    assert_eq!(done.step("shout")["output"]["value"], "ADA");
    assert_eq!(done.step("recall")["output"]["value"], "ADA");
    world.end().await;
}

#[tokio::test]
async fn a_synchronous_webhook_waits_for_the_response() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (_, plain) = ada
        .published_flow(steps([hook(), transformed("shout", "uppercase", "{{ trigger.body.word }}")]))
        .await;
    let sync = format!("{plain}/sync");
    let answer = ada.http().post(&sync).json(&json!({ "word": "hey" })).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["value"], "HEY");

    let reply = json!({ "status": 418, "headers": { "content-language": "en", "x-tea": "pot", "set-cookie": "a=1" }, "body": { "word": "{{ trigger.body.word }}" } });
    let (_, url) =
        ada.published_flow(steps([hook(), step("respond.reply").key("answer").parameters(reply)])).await;
    let answer = ada.http().post(format!("{url}/sync")).json(&json!({ "word": "hey" })).send().await.unwrap();
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.headers()["content-language"], "en");
    assert!(["x-tea", "set-cookie"].iter().all(|name| !answer.headers().contains_key(*name)));
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "word": "hey" }));
    world.end().await;
}

#[tokio::test]
async fn a_filter_that_stops_skips_its_successors() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let only_large = json!({ "conditions": [[{ "value": "{{ trigger.body.n }}", "operator": "greater_than", "against": 10 }]] });
    let (flow, _) = ada
        .published_flow(steps([
            hook(),
            step("filter.continue_if").key("large").parameters(only_large),
            text("after", " x "),
        ]))
        .await;
    let small = ada.finished(&ada.run_flow(&flow, json!({ "n": 3 })).await).await;
    assert_eq!(small.at("/execution/status"), "SUCCEEDED", "{:#}", small.0);
    assert_eq!(small.step("large")["output"]["passed"], false);
    assert_eq!(small.step("after")["status"], "SKIPPED");
    let large = ada.finished(&ada.run_flow(&flow, json!({ "n": 30 })).await).await;
    assert_eq!(large.step("after")["output"]["value"], "x");
    world.end().await;
}

#[tokio::test]
async fn a_branch_follows_the_first_condition_that_holds_and_joins_wait_for_the_remaining_paths() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let steps = steps([
        hook(),
        step("branch.when").key("size"),
        text("big", "big"),
        text("small", "small"),
        text("end", "end"),
    ]);
    let links = json!([
        { "from": "hook", "to": "size" },
        { "from": "size", "to": "big", "kind": "BRANCH", "condition": "trigger.body.n > 10" },
        { "from": "size", "to": "small", "kind": "BRANCH" },
        { "from": "big", "to": "end" }, { "from": "small", "to": "end" },
    ]);
    let (flow, _) = ada.published_graph(steps, links).await;
    for (n, taken, other) in [(11, "big", "small"), (2, "small", "big")] {
        let done = ada.finished(&ada.run_flow(&flow, json!({ "n": n })).await).await;
        assert_eq!(done.step(taken)["status"], "SUCCEEDED", "{:#}", done.0);
        assert_eq!(done.step(other)["status"], "SKIPPED");
        assert_eq!(done.step("end")["status"], "SUCCEEDED");
    }
    world.end().await;
}

#[tokio::test]
async fn a_failed_step_is_retried_then_recorded_or_handled() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let quick = json!({ "maxAttempts": 3, "initialDelayMs": 10 });
    let flaky = get("flaky", &format!("{}/flaky", local.url)).retry(quick.clone());
    let (flow, _) = ada.published_flow(steps([hook(), flaky])).await;
    let done = ada.finished(&ada.run_flow(&flow, json!({})).await).await;
    assert_eq!(done.step("flaky")["attempt"], 3, "{:#}", done.0);
    assert_eq!(done.at("/execution/status"), "SUCCEEDED");
    assert!(done.step("flaky")["error"].is_null());

    let fail = get("fail", &format!("{}/fail", local.url)).retry(json!({ "maxAttempts": 1 }));
    let (flow, _) = ada.published_flow(steps([hook(), fail.clone(), text("after", "x")])).await;
    let done = ada.finished(&ada.run_flow(&flow, json!({})).await).await;
    assert_eq!(done.at("/execution/status"), "FAILED");
    assert_eq!(done.at("/execution/error/code"), "HTTP_STATUS");
    assert_eq!(done.step("after")["status"], "SKIPPED");

    let links =
        json!([{ "from": "hook", "to": "fail" }, { "from": "fail", "to": "rescue", "kind": "ERROR" }]);
    let (flow, _) = ada.published_graph(steps([hook(), fail, text("rescue", "saved")]), links).await;
    let done = ada.finished(&ada.run_flow(&flow, json!({})).await).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.step("rescue")["output"]["value"], "saved");

    let lost = get("lost", "http://127.0.0.1:1/").retry(quick);
    let (flow, _) = ada.published_flow(steps([hook(), lost])).await;
    let done = ada.finished(&ada.run_flow(&flow, json!({})).await).await;
    assert_eq!(done.step("lost")["error"]["code"], "UNREACHABLE", "{:#}", done.0);
    assert_eq!(done.step("lost")["attempt"], 3);
    world.end().await;
}

#[tokio::test]
async fn a_delay_waits_and_an_execution_can_be_canceled_and_run_again() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook(), delay("wait", 3600.0), text("after", "x")])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    let status = "query($id: ID!) { execution(id: $id) { status } }";
    ada.until(status, json!({ "id": id }), |reply| reply.at("/execution/status") == "WAITING").await;
    world.pass(Duration::from_hours(1)).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.step("wait")["attempt"], 1);

    let id = ada.run_flow(&flow, json!({})).await;
    ada.until(status, json!({ "id": id }), |reply| reply.at("/execution/status") == "WAITING").await;
    let cancel =
        "mutation($id: ID!) { cancelExecution(input: { executionId: $id }) { execution { status } } }";
    let retry = "mutation($id: ID!) { retryExecution(input: { executionId: $id, fromStep: START }) { execution { status } } }";
    ada.refused(retry, json!({ "id": id }), "CONFLICT").await;
    let canceled = ada.send(cancel, json!({ "id": id })).await;
    assert_eq!(canceled.at("/cancelExecution/execution/status"), "CANCELED");
    assert_eq!(ada.finished(&id).await.step("wait")["status"], "CANCELED");
    ada.send(retry, json!({ "id": id })).await;
    ada.until(status, json!({ "id": id }), |reply| reply.at("/execution/status") == "WAITING").await;
    ada.send(cancel, json!({ "id": id })).await;
    // The jobs of both delays come and find nothing to do.
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(ada.finished(&id).await.step("wait")["status"], "CANCELED");
    world.end().await;
}

#[tokio::test]
async fn a_retry_keeps_the_results_of_succeeded_steps() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let flaky =
        get("flaky", &format!("{}/flaky", local.url)).retry(json!({ "maxAttempts": 2, "initialDelayMs": 1 }));
    let echo = get("echo", &format!("{}/echo", local.url));
    let (flow, _) = ada.published_flow(steps([hook(), flaky, echo])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    assert_eq!(ada.finished(&id).await.at("/execution/status"), "FAILED");
    let retry =
        "mutation($id: ID!) { retryExecution(input: { executionId: $id }) { execution { id status } } }";
    ada.send(retry, json!({ "id": id })).await;
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(local.hits(), 4);
    ada.refused(retry, json!({ "id": id }), "CONFLICT").await;
    world.end().await;
}

#[tokio::test]
async fn an_execution_is_followed_live_and_replayed_from_any_cursor() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let slow = get("slow", &format!("{}/held", local.url));
    let (flow, _) = ada.published_flow(steps([hook(), slow, text("after", "x")])).await;
    let id = ada.run_flow(&flow, json!({})).await;
    local.held(1).await;
    let query = "subscription($id: ID!, $after: String) { executionEvents(executionId: $id, after: $after) {
        seq cursor event { __typename ... on StepFinished { stepKey status output } ... on ExecutionFinished { status } } } }";
    let mut socket = ada.socket().await;
    socket.subscribe("1", query, json!({ "id": id })).await;
    let mut live = vec![socket.event().await.expect("the execution has started")];
    local.release_all();
    live.extend(socket.events().await);
    let kinds: Vec<_> = live
        .iter()
        .map(|e| e["executionEvents"]["event"]["__typename"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "ExecutionStarted",
            "StepStarted",
            "StepFinished",
            "StepStarted",
            "StepFinished",
            "StepStarted",
            "StepFinished",
            "ExecutionFinished"
        ]
    );
    let seqs: Vec<_> = live.iter().map(|e| e["executionEvents"]["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=8).collect::<Vec<_>>());
    for (index, event) in live.iter().enumerate() {
        let mut socket = ada.socket().await;
        socket.subscribe("1", query, json!({ "id": id, "after": event["executionEvents"]["cursor"] })).await;
        assert_eq!(socket.events().await, live[index + 1..]);
    }
    // The stream is lost; the end is read from the history.
    world.flush_redis().await;
    let ada = world.signed_in_again(&ada).await;
    let mut socket = ada.socket().await;
    socket.subscribe("1", query, json!({ "id": id })).await;
    let told = socket.events().await;
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!(told[3]["executionEvents"]["event"]["status"], "SUCCEEDED");
    world.end().await;
}

#[tokio::test]
async fn executions_finish_and_schedules_fire_after_redis_was_emptied() {
    let world = World::start_with(&|config| config.workers.action = 2).await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let slow = get("slow", &format!("{}/held", local.url));
    let (flow, _) = ada.published_flow(steps([hook(), slow, text("after", "x")])).await;
    let every_hour = step("schedule.every").key("tick").parameters(json!({ "seconds": 3600 }));
    let (ticking, _) = ada.published_flow(steps([every_hour, text("t", "x")])).await;
    let ran = "query($id: ID!) { flow(id: $id) { executions { totalCount } } }";
    let fired =
        |times: i64| move |reply: &Reply| reply.at("/flow/executions/totalCount").as_i64() == Some(times);
    // The first time is when the flow is published.
    ada.until(ran, json!({ "id": ticking }), fired(1)).await;

    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(ada.run_flow(&flow, json!({})).await);
    }
    local.held(2).await;
    world.flush_redis().await;
    local.release_all();
    let ada = world.signed_in_again(&ada).await;
    for id in &ids {
        let done = ada.finished(id).await;
        assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    }
    // At least once each: a step in progress may be repeated, but not one that had ended.
    assert!(local.hits() >= 12, "{}", local.hits());
    for count in 2..=3 {
        world.clock.advance(Duration::from_hours(1));
        ada.until(ran, json!({ "id": ticking }), fired(count)).await;
    }
    world.end().await;
}

#[tokio::test]
async fn manual_runs_are_idempotent_and_tests_run_the_draft() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }";
    let made = ada
        .send(
            create,
            json!({ "input": { "name": "D", "steps": steps([hook(), text("t", "{{ trigger.body.a }}")]) } }),
        )
        .await;
    let flow = made.text("/createFlow/flow/id");
    let run = "mutation($input: RunFlowInput!) { runFlow(input: $input) { execution { id test version { number } } } }";
    ada.refused(run, json!({ "input": { "flowId": flow } }), "CONFLICT").await;
    let tested = ada
        .send(
            run,
            json!({ "input": { "flowId": flow, "test": true, "payload": { "body": { "a": " z " } } } }),
        )
        .await;
    assert_eq!(tested.at("/runFlow/execution/test"), true);
    let done = ada.finished(&tested.text("/runFlow/execution/id")).await;
    assert_eq!(done.step("t")["output"]["value"], "z", "{:#}", done.0);
    let input =
        json!({ "input": { "flowId": flow, "test": true, "clientId": "same", "payload": { "a": "1" } } });
    let first = ada.send(run, input.clone()).await;
    let second = ada.send(run, input).await;
    assert_eq!(first.0, second.0);
    ada.finished(&first.text("/runFlow/execution/id")).await;
    ada.refused(run, json!({ "input": { "flowId": flow, "version": 9 } }), "BAD_USER_INPUT").await;
    world.end().await;
}
