//! The address for operators.

use serde_json::Value;

use crate::harness::World;

#[tokio::test]
async fn metrics_and_details_of_health_have_an_address_of_their_own() {
    let world = World::start().await;
    let client = world.anonymous();
    let get = async |url: String| client.http().get(url).send().await.expect("an answer");
    assert_eq!(get(format!("{}/metrics", world.url)).await.status(), 404);
    let ready: Value = get(format!("{}/health/ready", world.url)).await.json().await.expect("JSON");
    assert_eq!(ready, serde_json::json!({ "status": "ready" }), "no details without authentication");

    let ops = format!("http://{}", world.ops());
    assert!(world.ops().ip().is_loopback());
    let metrics = get(format!("{ops}/metrics")).await;
    assert_eq!(metrics.headers()["content-type"], "text/plain; version=0.0.4");
    assert!(metrics.text().await.expect("text").contains("# TYPE"));
    let ready: Value = get(format!("{ops}/health/ready")).await.json().await.expect("JSON");
    assert_eq!((&ready["status"], &ready["stores"]["mongo"]["up"]), (&"ready".into(), &true.into()));
    assert_eq!(get(format!("{ops}/health/live")).await.status(), 200);
    assert_eq!(get(format!("{ops}/graphql")).await.status(), 404);
    // A name that resolves to this machine, as a foreign page would use.
    let rebound = client.http().get(format!("{ops}/metrics")).header("host", "evil.example").send().await;
    assert_eq!(rebound.expect("an answer").status(), 421);
    world.end().await;
}

#[tokio::test]
async fn a_process_that_only_runs_jobs_has_metrics_and_health() {
    let world = World::start().await;
    let worker = world.worker().await;
    let ops = worker.ops.expect("an address");
    assert_ne!(ops, world.ops(), "the usual port is taken by one of them at most");
    let ready = world.anonymous().http().get(format!("http://{ops}/health/ready")).send().await;
    assert_eq!(ready.expect("an answer").status(), 200);
    worker.stop().await;
    world.end().await;
}
