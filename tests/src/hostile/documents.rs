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

/// A chain that ends in a fragment that does not exist, so that it has no fields.
fn chain_without_fields() -> String {
    chain(40).replace("{ __typename }", "{ ...Nothing }")
}

/// A chain that only an operation uses that is not selected.
fn chain_of_another_operation() -> String {
    format!("query A {{ __typename }} query B {}", chain(40))
}

/// Many sets that contain the same fields, which validation compares in each of them.
fn compared() -> String {
    let fields = "node(id: 1) ".repeat(800);
    format!("{{ {} }} fragment F on Viewer {{ {fields} }}", "viewer { ...F } ".repeat(400))
}

/// The whole schema many times, without an alias.
fn schemas() -> String {
    format!("{{ {} }}", "__schema { types { fields { args { type { name } } } } } ".repeat(400))
}

/// Directives that the normalization of subscriptions would copy to each field.
fn directives() -> String {
    let (directives, fields) = ("@skip(if: false) ".repeat(500), "flows ".repeat(500));
    format!("subscription {{ ...F {directives} }} fragment F on Subscription {{ {fields} }}")
}

/// Names for which similar ones would be searched.
fn names() -> String {
    format!("{{ {} }}", format!("{} ", "x".repeat(1900)).repeat(1000))
}

fn tokens() -> String {
    format!("{{ {} }}", "a ".repeat(10_000))
}

fn nested_values() -> String {
    format!("{{ node(id: {}{}) {{ id }} }}", "[".repeat(5000), "]".repeat(5000))
}

#[tokio::test]
async fn hostile_documents_are_refused_at_once() {
    let target = Target::start("validation").await;
    let anonymous = target.anonymous();
    anonymous.send("{ __typename }", json!({})).await;
    let selected = |query: String| json!({ "query": query, "operationName": "A" });
    let uses = format!("query A($x: [ID!]!) {{ {} }}", "nodes(ids: $x) { id } ".repeat(1000));
    let nested = format!("query A($x: ID!) {{ node(id: [{}]) {{ id }} }}", "$x ".repeat(4000));
    // The time to read a body follows its length, and the program under test is not optimised.
    let ids: Vec<u32> = (0..50_000).collect();
    let mut bodies = vec![
        selected(chain_of_another_operation()),
        json!({ "query": uses, "variables": { "x": ids } }),
        json!({ "query": nested, "variables": { "x": "x".repeat(1_900_000) } }),
        json!({ "query": "{ __typename }", "variables": { "x": vec![0; 900_000] } }),
        json!({ "query": "{ __typename }", "variables": { "x": vec![json!([]); 600_000] } }),
    ];
    let documents =
        [chain_without_fields(), compared(), schemas(), directives(), names(), tokens(), nested_values()];
    bodies.extend(documents.into_iter().map(|document| json!({ "query": document })));
    let texts: Vec<String> = bodies.iter().map(ToString::to_string).collect();
    target
        .withstands(async {
            for text in &texts {
                let mut fastest = Duration::MAX;
                // The first request of a document may wait for the machine.
                for _ in 0..3 {
                    let request = anonymous.http().post(format!("{}/graphql", target.url()));
                    let request = request.header("content-type", "application/json").body(text.clone());
                    let begun = Instant::now();
                    let answer = request.send().await.expect("it answers").text().await.expect("a body");
                    fastest = fastest.min(begun.elapsed());
                    assert!(answer.contains("LIMIT_EXCEEDED"), "{text:.200}: {answer:.500}");
                }
                assert!(fastest <= LIMIT, "{text:.200}: refused after {fastest:?}");
            }
        })
        .await;
    target
        .withstands(async {
            let query: String = form(&chain_without_fields());
            let answer = anonymous.http().get(format!("{}/graphql?query={query}", target.url()));
            let answer = answer.send().await.expect("it answers").text().await.expect("a body");
            assert!(answer.contains("LIMIT_EXCEEDED"), "{answer:.500}");
            let mut socket = Socket::open(target.url(), None).await;
            for document in [chain_without_fields(), compared(), schemas(), directives()] {
                socket.subscribe("1", &document, json!({})).await;
                let answer = socket.read().await;
                assert_eq!(answer["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer:#}");
            }
            socket.subscribe("1", "{ __typename }", json!({ "x": vec![0; 900_000] })).await;
            assert_eq!(socket.closed().await, 4400);
        })
        .await;
    target.end().await;
}

/// Encodes a text for a query string.
fn form(text: &str) -> String {
    text.bytes().fold(String::new(), |form, byte| form + &format!("%{byte:02X}"))
}

/// Documents within the limits that take as long as possible.
#[tokio::test]
async fn large_documents_within_the_limits_let_others_run() {
    let target = Target::start("large").await;
    let anonymous = target.anonymous();
    let conflicts: Vec<String> = (0..1600).map(|n| format!("node(id: {n}) {{ id }}")).collect();
    let unknown: Vec<String> = (0..4000).map(|n| format!("unknownField{n}")).collect();
    let whole = include_str!("../../../schema/src/limits/introspection.graphql");
    target
        .withstands(async {
            for query in [
                format!("{{ {} }}", conflicts.join(" ")),
                format!("{{ {} }}", unknown.join(" ")),
                whole.to_owned(),
            ] {
                let ask = || anonymous.ask(&query, json!({}));
                let answers = futures::future::join_all((0..8).map(|_| ask())).await;
                for answer in answers {
                    let errors = answer.0["errors"].as_array().map_or(0, Vec::len);
                    assert!(errors <= 101, "{errors} errors");
                }
            }
        })
        .await;
    target.end().await;
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
