//! Short documents that expand to large ones.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Target;
use crate::harness::Socket;

/// Time within which a document is refused.
const LIMIT: Duration = Duration::from_millis(50);

/// A chain of fragments of which each includes the next one twice.
fn chain(length: usize) -> String {
    use std::fmt::Write as _;
    let mut document = "{ ...F0 }".to_owned();
    for n in 0..length {
        write!(document, " fragment F{n} on Query {{ ...F{m} ...F{m} }}", m = n + 1).expect("a string");
    }
    write!(document, " fragment F{length} on Query {{ __typename }}").expect("a string");
    document
}

/// Lists of types within lists of types.
fn introspection() -> String {
    let nested = "possibleTypes { interfaces { ".repeat(7);
    format!("{{ __schema {{ types {{ {nested} name {} }} }} }}", "} } ".repeat(7))
}

/// Lists of objects within lists of objects.
fn wide() -> String {
    let levels = "nodes { flow { executions(first: 100) { ".repeat(4);
    format!("{{ executions(first: 100) {{ {levels} totalCount {} }} }}", "} } } ".repeat(4))
}

#[tokio::test]
async fn documents_that_expand_are_refused_at_once() {
    let target = Target::start("documents").await;
    let anonymous = target.anonymous();
    // The first request opens the connection.
    anonymous.send("{ __typename }", json!({})).await;
    let documents = [chain(23), chain(40), introspection(), wide()];
    target
        .withstands(async {
            for document in &documents {
                let begun = Instant::now();
                let body = json!({ "query": document });
                let request = anonymous.http().post(format!("{}/graphql", target.url())).json(&body);
                let answer = request.send().await.expect("it answers").text().await.expect("a body");
                let took = begun.elapsed();
                assert!(answer.contains("LIMIT_EXCEEDED"), "{document}: {answer}");
                assert!(took <= LIMIT, "{document}: refused after {took:?}");
            }
        })
        .await;
    target
        .withstands(async {
            let mut socket = Socket::open(target.url(), None).await;
            for document in &documents[..3] {
                socket.subscribe("1", document, json!({})).await;
                let answer = socket.read().await;
                assert_eq!(answer["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer:#}");
            }
        })
        .await;
    target.end().await;
}
