//! Models of configured providers, with valid and invalid responses: each response has one terminal event, with a code
//! if it failed, and no response contains the API key.

use serde_json::{Value, json};
use triptych_server::config::{Config, ProviderConfig, ProviderKind};

use crate::{
    harness::{Client, Follower, PROVIDER_KEY, ProviderServer, Reply, World, hook, step, steps},
    process::Process,
};

/// `local` has the valid key, `stranger` an invalid one, and no server listens at the URL of `nobody`.
async fn world(server: &ProviderServer) -> World {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let prices = json!({ "whole": { "input": 3_000_000, "cached_input": 300_000, "output": 15_000_000 } });
    World::start_with(&|config: &mut Config| {
        let provider = |url: &str, key: &str| ProviderConfig {
            kind: ProviderKind::OpenAi,
            base_url: Some(url.to_owned()),
            api_key: Some(key.to_owned().into()),
            prices: serde_json::from_value(prices.clone()).unwrap(),
        };
        let nowhere = format!("http://{unused}/v1");
        config.providers.insert("local".to_owned(), provider(&server.url, PROVIDER_KEY));
        config.providers.insert("stranger".to_owned(), provider(&server.url, "sk-another-secret"));
        config.providers.insert("nobody".to_owned(), provider(&nowhere, PROVIDER_KEY));
    })
    .await
}

/// Sends a message in a new thread and follows the response to its terminal event.
async fn asked(client: &Client, model: &str) -> (Follower, Reply) {
    let sent = client.turn("sendMessage", json!({ "text": "Hi", "model": model })).await;
    let mut follower = Follower::default();
    follower.follow(&mut client.watch(&sent.generation, None).await).await;
    let ended = client.answered(&sent.generation).await;
    assert_eq!(ended.at("/generation/model"), model);
    assert_eq!(ended.text("/generation/message/text"), follower.text());
    let told = format!("{:?} {}", follower.events, ended.0);
    assert!(!told.contains(PROVIDER_KEY) && !told.contains("sk-another-secret"), "{told}");
    // The thread accepts messages, with any outcome.
    let next = json!({ "threadId": sent.thread, "text": "Then you", "model": "demo/echo" });
    let next = client.turn("sendMessage", next).await;
    assert_eq!(client.answered(&next.generation).await.at("/generation/status"), "COMPLETED");
    (follower, ended)
}

#[tokio::test]
async fn a_response_of_a_provider_is_streamed_and_its_usage_counted() {
    let server = ProviderServer::start().await;
    let world = world(&server).await;
    let ada = world.newcomer().await;
    let (follower, ended) = asked(&ada, "local/whole").await;
    assert_eq!((follower.end(), follower.text()), ("GenerationCompleted", "Hello, world".to_owned()));
    assert_eq!(ended.at("/generation/status"), "COMPLETED");
    assert_eq!(ended.at("/generation/finishReason"), "stop");
    let usage = json!({ "inputTokens": 7, "outputTokens": 5, "cachedInputTokens": 4, "reasoningTokens": 0,
                        "cost": "0.000085" });
    assert_eq!(ended.at("/generation/usage"), &usage);
    assert_eq!(server.hits(), 1);
    world.end().await;
}

#[tokio::test]
async fn each_failure_of_a_provider_has_one_terminal_event_with_a_code() {
    let server = ProviderServer::start().await;
    let world = world(&server).await;
    let ada = world.newcomer().await;
    for (model, code, text) in [
        ("local/500", "UPSTREAM_FAILED", ""),
        ("local/400", "UPSTREAM_FAILED", ""),
        ("local/429", "RATE_LIMITED", ""),
        ("local/half", "UPSTREAM_FAILED", "Hel"),
        ("stranger/whole", "UPSTREAM_FAILED", ""),
        ("nobody/whole", "UPSTREAM_FAILED", ""),
    ] {
        let (follower, ended) = asked(&ada, model).await;
        assert_eq!(follower.end(), "GenerationFailed", "{model}");
        assert_eq!(follower.first("GenerationFailed")["error"]["code"], code, "{model}");
        assert_eq!(follower.text(), text, "{model}");
        assert_eq!(ended.at("/generation/status"), "FAILED", "{model}");
        assert_eq!(ended.at("/generation/error/code"), code, "{model}");
        assert_eq!(ended.at("/generation/message/status"), "FAILED", "{model}");
    }
    let (follower, _) = asked(&ada, "local/whole").await;
    assert_eq!(follower.text(), "Hello, world", "the server goes on");
    world.end().await;
}

const RAN: &str = "query($id: ID!) { execution(id: $id) { id status error { code message } finishedAt
    usage { inputTokens outputTokens cachedInputTokens totalTokens calls cost }
    flow { usage { inputTokens outputTokens cachedInputTokens totalTokens calls cost } }
    steps { nodes { id status attempt input output error { code message } step { key }
        generation { id status model error { code } usage { inputTokens outputTokens }
            parts { ... on TextPart { text } } executionStep { id } message { id } } } } } }";

/// A flow with AI steps: their keys, models and numbers of attempts.
fn asking(asks: &[(&str, &str, u32)]) -> Value {
    let asks = asks.iter().map(|(key, model, attempts)| {
        step("ai.prompt")
            .key(key)
            .parameters(json!({ "model": model, "prompt": "Hi" }))
            .retry(json!({ "maxAttempts": attempts, "initialDelayMs": 10 }))
    });
    steps(std::iter::once(hook()).chain(asks))
}

async fn ran(client: &Client, flow: &str) -> Reply {
    let id = client.run_flow(flow, json!({})).await;
    client.finished(&id).await;
    let done = client.send(RAN, json!({ "id": id })).await;
    assert!(!done.0.to_string().contains("sk-"), "{:#}", done.0);
    done
}

#[tokio::test]
async fn an_ai_step_shows_its_generation_and_its_usage_adds_up() {
    let server = ProviderServer::start().await;
    let world = world(&server).await;
    let ada = world.newcomer().await;
    let (flow, _) =
        ada.published_flow(asking(&[("ask", "local/whole", 1), ("again", "local/whole", 1)])).await;
    let done = ran(&ada, &flow).await;
    assert_eq!(done.at("/execution/status"), "SUCCEEDED", "{:#}", done.0);
    for key in ["ask", "again"] {
        let step = done.step(key);
        assert_eq!(
            (&step["output"]["text"], &step["output"]["usage"]["inputTokens"]),
            (&json!("Hello, world"), &json!(7))
        );
        let generation = &step["generation"];
        assert_eq!(
            (&generation["status"], &generation["model"]),
            (&json!("COMPLETED"), &json!("local/whole"))
        );
        assert_eq!(generation["parts"], json!([{ "text": "Hello, world" }]));
        assert_eq!((&generation["executionStep"]["id"], &generation["message"]), (&step["id"], &Value::Null));
        assert_eq!(generation["usage"], json!({ "inputTokens": 7, "outputTokens": 5 }));
        let mut follower = Follower::default();
        let id = generation["id"].as_str().unwrap();
        follower.follow(&mut ada.watch(id, None).await).await;
        assert_eq!((follower.end(), follower.text()), ("GenerationCompleted", "Hello, world".to_owned()));
    }
    let sums = done.at("/execution/usage");
    assert_eq!(
        (&sums["calls"], &sums["inputTokens"], &sums["outputTokens"]),
        (&json!(2), &json!(14), &json!(10))
    );
    assert_eq!((&sums["cachedInputTokens"], &sums["totalTokens"]), (&json!(8), &json!(24)));
    assert_eq!(sums["cost"], "0.000170");
    assert_eq!(done.at("/execution/flow/usage"), sums, "one run's usage is the flow's");
    let twice = ran(&ada, &flow).await;
    assert_eq!(twice.at("/execution/usage"), sums);
    assert_eq!(twice.at("/execution/flow/usage/calls"), 4);
    assert_eq!(twice.at("/execution/flow/usage/totalTokens"), 48);
    assert_eq!(server.hits(), 4);
    world.end().await;
}

#[tokio::test]
async fn an_ai_step_whose_provider_fails_is_recorded_with_its_generation() {
    let server = ProviderServer::start().await;
    let world = world(&server).await;
    let ada = world.newcomer().await;
    for (model, code, attempts, text) in [
        ("local/500", "UPSTREAM_FAILED", 2, json!([])),
        ("local/429", "RATE_LIMITED", 2, json!([])),
        ("local/half", "UPSTREAM_FAILED", 2, json!([{ "text": "Hel" }])),
        ("nobody/whole", "UPSTREAM_FAILED", 2, json!([])),
        // Permanent errors are not retried.
        ("stranger/whole", "UPSTREAM_FAILED", 1, json!([])),
    ] {
        let (flow, _) = ada.published_flow(asking(&[("ask", model, 2), ("after", "demo/echo", 1)])).await;
        let done = ran(&ada, &flow).await;
        assert_eq!(done.at("/execution/status"), "FAILED", "{:#}", done.0);
        assert_eq!(done.at("/execution/error/code"), code, "{model}");
        let step = done.step("ask");
        assert_eq!((&step["status"], &step["error"]["code"]), (&json!("FAILED"), &json!(code)), "{model}");
        assert_eq!(step["attempt"], attempts, "{model}");
        assert_eq!(step["input"]["model"], model);
        let generation = &step["generation"];
        assert_eq!(
            (&generation["status"], &generation["error"]["code"]),
            (&json!("FAILED"), &json!(code)),
            "{model}"
        );
        assert_eq!(
            (&generation["parts"], &generation["executionStep"]["id"]),
            (&text, &step["id"]),
            "{model}"
        );
        assert_eq!(done.step("after")["status"], "SKIPPED");
        assert_eq!(done.at("/execution/usage/calls"), 0, "{model}");
        let mut follower = Follower::default();
        let id = generation["id"].as_str().unwrap();
        follower.follow(&mut ada.watch(id, None).await).await;
        assert_eq!(follower.end(), "GenerationFailed", "{model}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_key_that_a_provider_quotes_is_not_logged() {
    let server = ProviderServer::start().await;
    let log = std::env::temp_dir().join(format!("triptych-provider-log-{}", std::process::id()));
    let process = Process::start_with("keys", |command| {
        command
            .env("TRIPTYCH__PROVIDERS__LOCAL__KIND", "openai")
            .env("TRIPTYCH__PROVIDERS__LOCAL__BASE_URL", &server.url)
            .env("TRIPTYCH__PROVIDERS__LOCAL__API_KEY", PROVIDER_KEY)
            .env("TRIPTYCH__TELEMETRY__LOG", "info")
            .stderr(std::fs::File::create(&log).unwrap());
    })
    .await;
    let ada = Client::new(&process.url).signed_up().await;
    for model in ["local/500", "local/401", "local/half"] {
        asked(&ada, model).await;
    }
    process.end().await;
    let logged = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    assert!(!logged.contains(PROVIDER_KEY), "{logged}");
}
