//! The problems of an invalid input have paths from the root of the input, in the names of the API.

use serde_json::{Value, json};

use crate::harness::{Client, World};

/// An input, and the paths of its problems.
type Case<'a> = (Value, &'a [&'a str]);

/// Sends a mutation with each input, and compares the paths of the problems.
async fn check<'a>(client: &Client, mutation: &str, cases: impl IntoIterator<Item = Case<'a>>) {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}");
    for (input, paths) in cases {
        let refused = client.refused(&query, json!({ "input": input }), "BAD_USER_INPUT").await;
        assert_eq!(refused.fields(), paths, "{mutation}: {:#}", refused.0);
    }
}

#[tokio::test]
async fn parts_of_messages_have_limits() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let file = |name: &str, media_type: &str, url: &str| json!({ "parts": [{ "file": { "name": name, "mediaType": media_type, "url": url } }] });
    let image = |media_type: &str, url: &str| json!({ "text": "x", "parts": [{ "text": "y" }, { "image": { "mediaType": media_type, "url": url } }] });
    let (long_name, long_url) = ("ä".repeat(256), format!("data:,{}", "x".repeat(8_187)));
    let cases: [Case<'_>; 9] = [
        (file("", "text/plain", "https://example.com"), &["parts.0.file.name"]),
        (file(&long_name, "text/plain", "https://example.com"), &["parts.0.file.name"]),
        (file("a", "plain", "https://example.com"), &["parts.0.file.mediaType"]),
        (file("a", "text/plain", "http://example.com"), &["parts.0.file.url"]),
        (file("a", "text/plain", &long_url), &["parts.0.file.url"]),
        (image("", "file:///etc/passwd"), &["parts.1.image.mediaType", "parts.1.image.url"]),
        (json!({ "parts": vec![json!({ "text": "x" }); 65] }), &["parts"]),
        (json!({ "parts": [{ "data": "x".repeat(200_000) }] }), &["parts"]),
        (json!({ "text": "x", "clientId": "x".repeat(201) }), &["clientId"]),
    ];
    check(&ada, "sendMessage", cases).await;
    let longest = file(&"ä".repeat(255), "text/plain", &long_url[..8_192]);
    let sent = ada.turn("sendMessage", longest).await;
    ada.answered(&sent.generation).await;
    let mut edit = file("", "text/plain", "https://example.com");
    edit["messageId"] = json!(sent.question);
    check(&ada, "editMessage", [(edit, ["parts.0.file.name"].as_slice())]).await;
    world.end().await;
}

#[tokio::test]
async fn models_are_configured_and_have_a_limit() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("Hello").await;
    ada.answered(&sent.generation).await;
    for model in ["", "echo", "demo/", "demo/other", &format!("demo/{}", "ä".repeat(200))] {
        let given = |input: Value| {
            let mut input = input;
            input["model"] = json!(model);
            [(input, ["model"].as_slice())]
        };
        check(&ada, "createThread", given(json!({}))).await;
        check(&ada, "updateThread", given(json!({ "threadId": sent.thread }))).await;
        check(&ada, "sendMessage", given(json!({ "text": "x" }))).await;
        check(&ada, "editMessage", given(json!({ "messageId": sent.question, "text": "x" }))).await;
        check(&ada, "regenerateMessage", given(json!({ "messageId": sent.answer }))).await;
        check(&ada, "createPreset", given(json!({ "name": "x" }))).await;
    }
    world.end().await;
}

#[tokio::test]
async fn credentials_have_the_fields_of_their_integration() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let credential = |integration: &str, name: &str, fields: Value| json!({ "integration": integration, "name": name, "fields": fields });
    let good = json!({ "server": "https://gitea.example.com", "token": "x" });
    let large = json!({ "server": "https://gitea.example.com", "token": "x".repeat(65_536) });
    let cases: [Case<'_>; 8] = [
        (credential("gitea", " ", good.clone()), &["name"]),
        (credential("gitea", &"ä".repeat(121), good.clone()), &["name"]),
        (credential("nothing", "x", good.clone()), &["integration"]),
        (credential("formatter", "x", good.clone()), &["integration"]),
        (
            credential("gitea", "", json!({ "server": "ftp:", "token": "" })),
            &["name", "fields.server", "fields.token"],
        ),
        (credential("gitea", "x", json!({ "server": "https://gitea.example.com" })), &["fields.token"]),
        (credential("gitea", "x", json!("secret")), &["fields"]),
        (credential("gitea", "x", large), &["fields"]),
    ];
    check(&ada, "createCredential", cases).await;
    world.end().await;
}

#[tokio::test]
async fn searches_have_a_limit() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    for list in ["flows", "threads"] {
        let query =
            format!("query($search: String) {{ {list}(filter: {{ search: $search }}) {{ totalCount }} }}");
        let long = json!({ "search": "ä".repeat(201) });
        assert_eq!(ada.refused(&query, long, "BAD_USER_INPUT").await.fields(), ["filter.search"], "{list}");
        for search in ["", "  ", &"ä".repeat(200)] {
            let found = ada.send(&query, json!({ "search": search })).await;
            assert_eq!(found.at(&format!("/{list}/totalCount")), 0, "{list}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn all_problems_of_an_input_are_reported_together() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let step = json!({ "key": "1", "integration": "webhook", "operation": "received" });
    let flow = json!({ "name": " ", "clientId": "", "steps": [step] });
    check(&ada, "createFlow", [(flow, ["clientId", "name", "steps.0.key"].as_slice())]).await;
    let message = json!({ "clientId": "", "parentId": "msg_01h2xcejqtf2nbrexx3vqjhp41", "model": "x",
        "parameters": { "seed": 1, "jsonSchema": [] } });
    let paths: &[&str] = &["parentId", "clientId", "text", "model", "parameters.jsonSchema"];
    check(&ada, "sendMessage", [(message, paths)]).await;
    let token = json!({ "name": "", "scopes": ["read:flow", "read", "fly:flow"] });
    check(&ada, "createApiToken", [(token, ["name", "scopes.1", "scopes.2"].as_slice())]).await;
    world.end().await;
}
