//! The server is killed while it works: no work is lost or repeated, and no process is left.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};

use crate::{
    harness::{Client, Follower, LocalServer, Reply, get, hook, step, steps, transformed},
    process::Process,
};

const STEPS: [&str; 5] = ["hook", "first", "second", "ask", "last"];

/// Two requests that are answered when the test says, a long response of a model, and one thing more.
fn flow_of(local: &LocalServer) -> Value {
    let held = format!("{}/held", local.url);
    let prompt = json!({ "model": "demo/echo", "prompt": "150 words" });
    steps([
        hook(),
        get("first", &held),
        get("second", &held),
        step("ai.prompt").key("ask").parameters(prompt),
        transformed("last", "uppercase", "{{ steps.ask.output.text }}"),
    ])
}

/// Waits until a step of the execution is running.
async fn under_way(client: &Client, execution: &str, key: &str) {
    let query = "query($id: ID!) { execution(id: $id) { steps { nodes { status step { key } } } } }";
    let running = |reply: &Reply| {
        let steps = reply.at("/execution/steps/nodes").as_array().unwrap();
        steps.iter().any(|step| step["step"]["key"] == key && step["status"] == "RUNNING")
    };
    client.until(query, json!({ "id": execution }), running).await;
}

/// Checks that the execution succeeded, with each step once in its history and one `StepFinished` event each.
async fn ran_once(client: &Client, flow: &str, execution: &str) {
    let done = client.finished(execution).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    assert_eq!(done.at("/execution/steps/totalCount"), STEPS.len());
    for key in STEPS {
        assert_eq!(done.step(key)["status"], "SUCCEEDED", "{key}");
        assert!(done.step(key)["finishedAt"].is_string(), "{key}");
    }
    let words = done.step("last")["output"]["value"].as_str().unwrap().split_whitespace().count();
    assert_eq!(words, 150);
    let query = "subscription($id: ID!) { executionEvents(executionId: $id) { event { __typename
        ... on StepFinished { stepKey } } } }";
    let mut socket = client.socket().await;
    socket.subscribe("1", query, json!({ "id": execution })).await;
    let mut told: HashMap<String, usize> = HashMap::new();
    for event in socket.events().await {
        let event = &event["executionEvents"]["event"];
        let name = event["stepKey"].as_str().or(event["__typename"].as_str()).unwrap();
        *told.entry(name.to_owned()).or_default() += 1;
    }
    for name in STEPS.into_iter().chain(["ExecutionFinished"]) {
        assert_eq!(told.get(name), Some(&1), "{name}: {told:?}");
    }
    let query = "query($id: ID!, $e: ID!) { flow(id: $id) { usage { calls outputTokens } executions { totalCount } }
        execution(id: $e) { usage { calls outputTokens } steps { nodes { step { key } generation { status } } } } }";
    let used = client.send(query, json!({ "id": flow, "e": execution })).await;
    let once = json!({ "calls": 1, "outputTokens": 150 });
    assert_eq!((used.at("/flow/usage"), used.at("/execution/usage")), (&once, &once));
    assert_eq!(used.at("/flow/executions/totalCount"), 1);
    assert_eq!(used.step("ask")["generation"]["status"], "COMPLETED");
}

/// Checks that the thread has the message and its complete response, with the usage of one request.
async fn answered_once(client: &Client, thread: &str, words: usize) {
    let query = "query($id: ID!) { thread(id: $id) { activeGeneration { id } usage { calls outputTokens }
        messages { totalCount nodes { role status text siblings { id } generation { status } } } } }";
    let thread = client.send(query, json!({ "id": thread })).await;
    let thread = thread.at("/thread");
    assert_eq!(thread["messages"]["totalCount"], 2);
    let (question, answer) = (&thread["messages"]["nodes"][0], &thread["messages"]["nodes"][1]);
    assert_eq!((&question["role"], &answer["role"]), (&json!("USER"), &json!("ASSISTANT")));
    assert_eq!(
        (&answer["status"], &answer["generation"]["status"]),
        (&json!("COMPLETED"), &json!("COMPLETED"))
    );
    assert_eq!(answer["text"].as_str().unwrap().split_whitespace().count(), words);
    assert_eq!(answer["siblings"].as_array().unwrap().len(), 1);
    assert_eq!(thread["usage"], json!({ "calls": 1, "outputTokens": words }));
    assert!(thread["activeGeneration"].is_null());
}

/// Kills the server while the flow runs this step and a response is followed, and starts it again.
async fn killed_at(step: &str) {
    let mut process = Process::start(&format!("crash-{step}")).await;
    let local = LocalServer::start().await;
    let ada = Client::new(&process.url).signed_up().await;
    let (flow, _) = ada.published_flow(flow_of(&local)).await;
    let sent = ada.say("300 words").await;
    let mut follower = Follower::default();
    let mut socket = ada.watch(&sent.generation, None).await;
    let execution = ada.run_flow(&flow, json!({})).await;
    if step == "second" {
        local.release(1);
        local.held(2).await;
    } else {
        local.release_all();
    }
    under_way(&ada, &execution, step).await;
    follower.follow_until(10, &mut socket).await;
    assert!(follower.terminal.is_none(), "killed in the middle of it");
    process.kill_and_start_again().await;
    local.release_all();
    socket.cut();

    // The session survives the process, and the cursor is still valid.
    let mut socket = ada.watch(&sent.generation, follower.cursor().as_deref()).await;
    follower.follow(&mut socket).await;
    assert_eq!(follower.end(), "GenerationCompleted", "{:?}", follower.kinds());
    assert!(follower.restarts + follower.snapshots > 0, "what came before is void, and that is said");
    assert_eq!(follower.text().split_whitespace().count(), 300);
    assert_eq!(ada.message(&sent.answer).await.text("/node/text"), follower.text());
    assert_eq!(ada.answered(&sent.generation).await.at("/generation/epoch"), 2);
    answered_once(&ada, &sent.thread, 300).await;
    ran_once(&ada, &flow, &execution).await;
    // The step that was under way has been asked for again; those that had ended were not.
    assert_eq!(local.hits(), if step == "second" { 3 } else { 2 });
    // A later subscriber receives one terminal event too, and a kill of the idle server loses no data.
    process.kill_and_start_again().await;
    let mut late = Follower::default();
    late.follow(&mut ada.watch(&sent.generation, None).await).await;
    assert_eq!((late.end(), late.text()), ("GenerationCompleted", follower.text()));
    answered_once(&ada, &sent.thread, 300).await;
    ran_once(&ada, &flow, &execution).await;
    process.end().await;
}

#[tokio::test]
async fn a_request_and_a_response_in_progress_at_a_kill_end_once() {
    killed_at("second").await;
}

#[tokio::test]
async fn an_ai_step_in_progress_at_a_kill_ends_once() {
    killed_at("ask").await;
}

#[tokio::test]
async fn steps_whose_attempts_end_with_their_worker_are_given_up() {
    let mut process = Process::start("given-up").await;
    let local = LocalServer::start().await;
    let ada = Client::new(&process.url).signed_up().await;
    let (request, _) = ada.published_flow(steps([hook(), get("held", &format!("{}/held", local.url))])).await;
    let prompt = json!({ "model": "demo/echo", "prompt": "3000 words" });
    let ask = step("ai.prompt").key("ask").parameters(prompt);
    let (prompt, _) = ada.published_flow(steps([hook(), ask])).await;
    let request = ada.run_flow(&request, json!({})).await;
    let prompt = ada.run_flow(&prompt, json!({})).await;
    for attempt in 1..=3 {
        local.held(attempt).await;
        attempted(&ada, &prompt, attempt).await;
        process.kill_and_start_again().await;
    }
    for (execution, key) in [(&request, "held"), (&prompt, "ask")] {
        let done = ada.finished(execution).await;
        let step = done.step(key);
        assert_eq!(
            (&step["status"], &step["error"]["code"]),
            (&json!("FAILED"), &json!("CRASHED")),
            "{step:#}"
        );
        assert_eq!(done.at("/execution/error/code"), "CRASHED");
    }
    assert_eq!(local.hits(), 3);
    process.end().await;
}

/// Waits until an attempt of the AI step is running.
async fn attempted(client: &Client, execution: &str, attempt: usize) {
    let query = "query($id: ID!) { execution(id: $id) { steps { nodes { status attempt step { key }
        generation { status epoch } } } } }";
    let running = |reply: &Reply| {
        let steps = reply.at("/execution/steps/nodes").as_array().unwrap();
        let ask = steps.iter().find(|step| step["step"]["key"] == "ask");
        ask.is_some_and(|ask| ask["attempt"] == attempt && ask["generation"]["epoch"] == attempt)
    };
    client.until(query, json!({ "id": execution }), running).await;
}

#[tokio::test]
async fn a_second_instance_on_the_same_folder_reports_the_first() {
    let process = Process::start("second").await;
    let (status, said) = process.second_instance().await;
    assert!(!status.success(), "{status}");
    let expected =
        format!("another instance (process {}) is using {}", process.id(), process.root().display());
    assert!(said.contains(&expected), "{said}");
    // The first one continues.
    let ada = Client::new(&process.url).signed_up().await;
    assert_eq!(ada.send("{ __typename }", json!({})).await.at("/__typename"), "Query");
    process.end().await;
}

#[tokio::test]
async fn the_databases_stop_with_a_killed_server() {
    let mut process = Process::start("orphans").await;
    assert!(process.engines().len() >= 3, "{:?}", process.engines());
    process.kill().await;
    process.engines_end(Duration::from_secs(10)).await;
    process.end().await;
}
