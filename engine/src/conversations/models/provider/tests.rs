//! Against a server that sends valid and invalid responses in the wire format.

use std::time::Duration;

use axum::{
    Json, Router, body::Body, extract::State, http::StatusCode, response::IntoResponse, routing::post,
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use triptych_entities::documents::conversations::{generation::Parameters, message::Role, part::Part};
use triptych_services::conversations::{
    generations::{Prompt, Turn},
    models::{Models, ProviderConfig, ProviderKind},
};

use super::Provider;
use crate::conversations::models::{CompletionRequest, Model as _, ModelError, ModelEvent};

const KEY: &str = "sk-very-secret";

/// What the server does; it asserts on what it is sent.
#[derive(Clone, Copy)]
enum Manner {
    Whole,
    Half,
    Silent,
    Status(u16),
}

async fn completions(State(manner): State<Manner>, Json(body): Json<Value>) -> axum::response::Response {
    let chunk = |delta: Value, finish: Value| {
        let choices = json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
        format!("data: {}\n\n", json!({ "id": "1", "choices": choices }))
    };
    let mut chunks = vec![
        chunk(json!({ "role": "assistant", "content": "Hel" }), Value::Null),
        chunk(json!({ "reasoning_content": "hm" }), Value::Null),
        chunk(json!({ "content": "lo" }), Value::Null),
    ];
    match manner {
        Manner::Status(status) => {
            let error = json!({ "error": { "message": format!("bad things with {KEY}") } });
            return (StatusCode::from_u16(status).unwrap(), Json(error)).into_response();
        }
        Manner::Whole => {
            assert_eq!(body["stream"], true);
            assert_eq!(body["model"], "small");
            assert_eq!(body["messages"][0]["role"], "system");
            let call = |piece: Value| json!({ "tool_calls": [piece] });
            chunks.push(chunk(
                call(json!({ "index": 0, "id": "c1", "function": { "name": "add", "arguments": "{\"a\"" } })),
                Value::Null,
            ));
            chunks.push(chunk(call(json!({ "index": 0, "function": { "arguments": ":1}" } })), Value::Null));
            chunks.push(chunk(json!({}), json!("stop")));
            let usage = json!({
                "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10,
                "prompt_tokens_details": { "cached_tokens": 4 },
            });
            chunks.push(format!("data: {}\n\n", json!({ "choices": [], "usage": usage })));
            chunks.push("data: [DONE]\n\n".to_owned());
        }
        Manner::Half | Manner::Silent => {}
    }
    let said = futures::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
    let body = match manner {
        Manner::Half => Body::from_stream(
            // hyper drops what it has not sent when the body fails; the first half is to arrive.
            said.chain(futures::stream::once(async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err(std::io::Error::other("cut"))
            })),
        ),
        Manner::Silent => Body::from_stream(said.chain(futures::stream::pending())),
        _ => Body::from_stream(said),
    };
    ([("content-type", "text/event-stream")], body).into_response()
}

async fn request(manner: Manner) -> Vec<Result<ModelEvent, ModelError>> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/chat/completions", post(completions)).with_state(manner);
    let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let answer = ask_at(base_url).await;
    server.abort();
    answer
}

async fn ask_at(base_url: String) -> Vec<Result<ModelEvent, ModelError>> {
    let config = ProviderConfig {
        name: "local".to_owned(),
        kind: ProviderKind::OpenaiCompatible,
        base_url: Some(base_url),
        api_key: Some(KEY.to_owned().into()),
        models: Vec::new(),
        prices: std::collections::HashMap::default(),
    };
    let models = Models::new(vec![config.clone()], None).unwrap();
    let mut provider = Provider::new(&config, models).unwrap();
    provider.idle = Duration::from_millis(300);
    let text = Part::Text { id: "0".to_owned(), text: "Hi".to_owned() };
    let prompt = Prompt {
        system: Some("Be brief.".to_owned()),
        turns: vec![Turn { role: Role::User, parts: vec![text] }],
    };
    provider
        .stream(CompletionRequest { model: "small".to_owned(), prompt, parameters: Parameters::default() })
        .collect()
        .await
}

fn text_of(events: &[Result<ModelEvent, ModelError>]) -> String {
    let deltas = events.iter().filter_map(|event| match event {
        Ok(ModelEvent::TextDelta(text)) => Some(text.as_str()),
        _ => None,
    });
    deltas.collect()
}

#[tokio::test]
async fn a_response_has_text_reasoning_tool_calls_and_usage() {
    let events = request(Manner::Whole).await;
    assert_eq!(text_of(&events), "Hello");
    assert!(events.contains(&Ok(ModelEvent::ReasoningDelta("hm".to_owned()))));
    let ready = ModelEvent::ToolCallReady {
        call_id: "c1".to_owned(),
        name: "add".to_owned(),
        arguments: json!({ "a": 1 }),
    };
    assert!(events.contains(&Ok(ready)), "{events:?}");
    let input: String = events
        .iter()
        .filter_map(|event| match event {
            Ok(ModelEvent::ToolInputDelta { text, .. }) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(input, r#"{"a":1}"#);
    let usage = events.iter().find_map(|event| match event {
        Ok(ModelEvent::Usage(usage)) => Some(usage),
        _ => None,
    });
    let usage = usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.cached_input_tokens), (7, 3, 4));
    assert_eq!(events.last(), Some(&Ok(ModelEvent::Finish { reason: Some("stop".to_owned()) })));
}

#[tokio::test]
async fn an_incomplete_response_is_kept_and_fails() {
    let events = request(Manner::Half).await;
    assert_eq!(text_of(&events), "Hello");
    let error = events.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.code, error.retryable), (ModelError::UPSTREAM_FAILED, true));
}

#[tokio::test]
async fn a_silent_provider_is_a_timeout() {
    let events = request(Manner::Silent).await;
    assert_eq!(text_of(&events), "Hello");
    assert_eq!(events.last().unwrap().as_ref().unwrap_err().code, ModelError::TIMEOUT);
}

#[tokio::test]
async fn refusals_have_different_codes_and_do_not_contain_the_key() {
    for (status, code, retryable) in [
        (500, ModelError::UPSTREAM_FAILED, true),
        (429, ModelError::RATE_LIMITED, true),
        (401, ModelError::UPSTREAM_FAILED, false),
        (400, ModelError::UPSTREAM_FAILED, false),
    ] {
        let events = request(Manner::Status(status)).await;
        let error = events.last().unwrap().as_ref().unwrap_err();
        assert_eq!((error.code, error.retryable), (code, retryable), "{status}: {error}");
        assert!(!error.message.contains(KEY), "{error}");
    }
}

#[tokio::test]
async fn an_unreachable_provider_is_a_temporary_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let events = ask_at(base_url).await;
    let error = events.last().unwrap().as_ref().unwrap_err();
    assert_eq!((error.code, error.retryable), (ModelError::UPSTREAM_FAILED, true));
}
