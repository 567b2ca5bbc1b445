//! Headers that limit what browsers do with responses.

use serde_json::json;

use crate::harness::{World, hook, steps};

#[tokio::test]
async fn every_response_limits_what_browsers_do_with_it() {
    let world = World::start_with(&|config| {
        config.http.public_url = Some("https://triptych.example".to_owned());
    })
    .await;
    let ada = world.newcomer().await;
    let (_, webhook) = ada.published_flow(steps([hook()])).await;
    let webhook = webhook.replace("https://triptych.example", &world.url);
    let query = json!({ "query": "{ __typename }" });
    let http = ada.http();
    let responses = [
        http.get(format!("{}/", world.url)),
        http.get(format!("{}/health/live", world.url)),
        http.get(format!("{}/nothing/here", world.url)),
        http.post(format!("{}/graphql", world.url)).json(&query),
        http.put(format!("{}/graphql", world.url)),
        http.post(webhook).json(&json!({})),
    ];
    for request in responses {
        let response = request.send().await.expect("an answer");
        let (url, headers) = (response.url().clone(), response.headers());
        let value = |name: &str| headers.get(name).map_or("", |value| value.to_str().expect("text"));
        assert_eq!(value("x-content-type-options"), "nosniff", "{url}");
        assert_eq!(value("x-frame-options"), "DENY", "{url}");
        assert_eq!(value("referrer-policy"), "no-referrer", "{url}");
        assert_eq!(value("cross-origin-resource-policy"), "same-origin", "{url}");
        assert_eq!(value("strict-transport-security"), "max-age=31536000", "{url}");
        let policy = value("content-security-policy");
        let expected = if url.path() == "/" { "default-src 'self'" } else { "sandbox" };
        assert!(policy.contains(expected), "{url}: {policy}");
    }
    world.end().await;
}
