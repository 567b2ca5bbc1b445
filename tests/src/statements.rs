//! Nested queries cost a number of statements that does not depend on the number of items.

use futures::future::join_all;
use serde_json::json;

use crate::harness::{Asked, Client, Counted, LocalServer, World, get, hook, steps, text};

const FLOWS: &str = "{ flows(first: 20) { totalCount nodes { id name webhookUrl owner { name }
    draft { number steps { key integration { key } credential { name } } links { from { key } to { key } } }
    published { number steps { key } } versions(first: 5) { totalCount nodes { number } } usage { calls }
    executions(first: 5) { totalCount nodes { id status steps(first: 5) { totalCount nodes {
        status step { key } logs(first: 5) { totalCount nodes { message } } } } } } } } }";

const THREADS: &str =
    "{ threads(first: 20) { totalCount nodes { id title owner { name } activeGeneration { id }
    usage { calls } messages(first: 5) { totalCount nodes { id text parent { id } siblings { id }
        generation { id status usage { outputTokens } } } } } } }";

/// A world whose limits the nested queries do not reach.
async fn world() -> World {
    World::start_with(&|config| {
        config.limits.depth = 50;
        config.limits.complexity = 10_000_000;
    })
    .await
}

/// What a list costs the first time, and again, of a server that has not seen its items before.
async fn asked(counted: &Counted, client: &Client, query: &str, items: (&str, usize)) -> [Asked; 2] {
    let client = client.moved_to(&counted.url);
    let list = async || {
        let reply = client.send(query, json!({})).await;
        assert_eq!(reply.at(items.0).as_array().map(Vec::len), Some(items.1), "{:#}", reply.0);
    };
    [counted.during(list()).await, counted.during(list()).await]
}

/// The same numbers for few items and for many; at least so many that all edges have been followed.
fn assert_same(few: &[Asked; 2], many: &[Asked; 2], least: (usize, usize)) {
    for (few, many) in few.iter().zip(many) {
        assert_eq!(few.counts(), many.counts(), "{few:#?}\n{many:#?}");
    }
    let (postgres, mongo) = few[0].counts();
    assert!(postgres >= least.0 && mongo >= least.1, "{:#?}", few[0]);
}

async fn with_flows(world: &World, local: &LocalServer, count: usize) -> Client {
    let client = world.newcomer().await;
    let create = "mutation { createCredential(input: { integration: \"http\", name: \"Key\",
        fields: { bearerToken: \"x\" } }) { credential { id } } }";
    let credential = client.send(create, json!({})).await.text("/createCredential/credential/id");
    let fetch = get("fetch", &format!("{}/echo", local.url)).credential(&credential);
    let steps = steps([hook(), fetch, text("last", "x")]);
    let run = || async {
        let (flow, _) = client.published_flow(steps.clone()).await;
        client.finished(&client.run_flow(&flow, json!({})).await).await;
    };
    join_all((0..count).map(|_| run())).await;
    client
}

async fn with_threads(world: &World, count: usize) -> Client {
    let client = world.newcomer().await;
    join_all((0..count).map(|_| async {
        let sent = client.say("Hello").await;
        client.answered(&sent.generation).await;
    }))
    .await;
    client
}

#[tokio::test]
async fn a_nested_query_of_flows_costs_as_many_statements_for_5_as_for_20() {
    let world = world().await;
    let local = LocalServer::start().await;
    let (few, many) = (with_flows(&world, &local, 5).await, with_flows(&world, &local, 20).await);
    let counted = Counted::start(&world).await;
    let few = asked(&counted, &few, FLOWS, ("/flows/nodes", 5)).await;
    let many = asked(&counted, &many, FLOWS, ("/flows/nodes", 20)).await;
    assert_same(&few, &many, (10, 1));
    counted.end().await;
    world.end().await;
}

#[tokio::test]
async fn a_nested_query_of_threads_costs_as_many_commands_for_5_as_for_20() {
    let world = world().await;
    let (few, many) = (with_threads(&world, 5).await, with_threads(&world, 20).await);
    let counted = Counted::start(&world).await;
    let few = asked(&counted, &few, THREADS, ("/threads/nodes", 5)).await;
    let many = asked(&counted, &many, THREADS, ("/threads/nodes", 20)).await;
    assert_same(&few, &many, (2, 5));
    counted.end().await;
    world.end().await;
}
