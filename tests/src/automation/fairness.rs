//! One organization does not keep others from working, however much it has to do.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Client, LocalServer, Reply, World, attempts, get, hook, link, steps, text};

const SLOTS: usize = 10;
const BRANCHES: usize = 25;

/// Starts this many executions, each with 25 steps that wait for the server.
async fn flood(client: &Client, local: &LocalServer, executions: usize) -> Vec<String> {
    let url = format!("{}/held", local.url);
    let keys: Vec<String> = (0..BRANCHES).map(|number| format!("slow{number}")).collect();
    let slow = keys.iter().map(|key| get(key, &url).with("timeoutSeconds", json!(300)));
    let links: Vec<_> = keys.iter().map(|key| link("hook", key)).collect();
    let (flow, _) = client.published_graph(steps([hook()].into_iter().chain(slow)), json!(links)).await;
    let mut ids = Vec::new();
    for _ in 0..executions {
        ids.push(client.run_flow(&flow, json!({})).await);
    }
    ids
}

const STEPS: &str = "query($id: ID!) { execution(id: $id) { steps(first: 100) { nodes { status } } } }";

/// Waits until the last of the executions has begun.
async fn begun(client: &Client, executions: &[String]) {
    let last = executions.last().unwrap();
    let begun = |reply: &Reply| reply.at("/execution/steps/nodes").as_array().unwrap().len() == BRANCHES + 1;
    client.until(STEPS, json!({ "id": last }), begun).await;
}

#[tokio::test]
async fn a_step_starts_at_once_while_another_organization_has_five_hundred() {
    let world = World::start_with(&|config| config.workers.action = SLOTS).await;
    let (greedy, modest, local) =
        (world.newcomer().await, world.newcomer().await, LocalServer::start().await);
    let (quick, _) = modest.published_flow(steps([hook(), text("one", "x")])).await;
    let flooding = flood(&greedy, &local, 20).await;
    begun(&greedy, &flooding).await;
    // Alone, it has all slots, and no more.
    local.held(SLOTS).await;
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        let id = modest.run_flow(&quick, json!({})).await;
        modest.finished(&id).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(local.hits(), SLOTS, "the others still wait");
    }
    local.release_all();
    for id in &flooding {
        let done = greedy.finished(id).await;
        assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    }
    assert_eq!(local.hits(), 20 * BRANCHES);
    world.end().await;
}

#[tokio::test]
async fn several_processes_keep_the_share_and_a_loss_of_redis_loses_no_step() {
    let world = World::start_with(&|config| config.workers.action = 4).await;
    let worker = world.worker().await;
    let (greedy, modest) = (world.newcomer().await, world.newcomer().await);
    let (first, second) = (LocalServer::start().await, LocalServer::start().await);
    let flooding = flood(&greedy, &first, 2).await;
    begun(&greedy, &flooding).await;
    first.held(8).await;
    let theirs = flood(&modest, &second, 1).await;
    // Two of four slots of each process, beyond those that are taken.
    second.held(4).await;
    // What becomes free goes to the one below its share until both hold the same.
    first.release(2);
    let mut patience = attempts(Duration::from_secs(3));
    while patience.next().await {
        assert!(first.hits() <= 8, "an organization above its share gets no slot while another waits");
    }
    world.flush_redis().await;
    first.release_all();
    second.release_all();
    let (greedy, modest) = (world.signed_in_again(&greedy).await, world.signed_in_again(&modest).await);
    for (client, id) in flooding.iter().map(|id| (&greedy, id)).chain(theirs.iter().map(|id| (&modest, id))) {
        assert_eq!(client.finished(id).await.at("/execution/status"), "SUCCEEDED");
    }
    worker.stop().await;
    world.end().await;
}

const GENERATION: &str = "query($id: ID!) { generation(id: $id) { status } }";

#[tokio::test]
async fn a_response_starts_at_once_while_another_organization_has_asked_for_many() {
    let world = World::start_with(&|config| {
        config.workers.generation = 2;
        config.demo.tokens_per_second = 4;
    })
    .await;
    let (greedy, modest) = (world.newcomer().await, world.newcomer().await);
    let mut many = Vec::new();
    for _ in 0..6 {
        many.push(greedy.say("300 words").await.generation);
    }
    let statuses = async || {
        let mut statuses = Vec::new();
        for id in &many {
            statuses.push(greedy.send(GENERATION, json!({ "id": id })).await.text("/generation/status"));
        }
        statuses.sort();
        statuses
    };
    let mut patience = attempts(Duration::from_secs(30));
    while statuses().await != ["QUEUED", "QUEUED", "QUEUED", "QUEUED", "STREAMING", "STREAMING"] {
        assert!(patience.next().await, "two run at a time: {:?}", statuses().await);
    }
    let sent = modest.say("3 words").await;
    modest.answered(&sent.generation).await;
    assert_eq!(statuses().await.iter().filter(|status| *status == "STREAMING").count(), 2);

    let cancel =
        "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }";
    for id in &many {
        greedy.send(cancel, json!({ "id": id })).await;
    }
    for id in &many {
        greedy.answered(id).await;
    }
    world.end().await;
}
