//! `ntfy`, against a server that answers as ntfy does.

use std::time::Duration;

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{Operations, serve};

/// Messages are published as JSON, to the root path.
async fn publish(headers: HeaderMap, Json(message): Json<Value>) -> Response {
    let refuse = |status: StatusCode, code: u32, error: &str| {
        let body =
            json!({ "code": code, "http": status.as_u16(), "error": error, "link": "https://ntfy.sh/docs/" });
        (status, Json(body)).into_response()
    };
    if headers.get(header::AUTHORIZATION).is_some_and(|value| value != "Bearer tk_good") {
        return refuse(StatusCode::UNAUTHORIZED, 40101, "unauthorized");
    }
    match message["topic"].as_str() {
        Some("busy") => {
            let body = refuse(
                StatusCode::TOO_MANY_REQUESTS,
                42901,
                "limit reached: too many requests, please be nice",
            );
            ([(header::RETRY_AFTER, "12")], body).into_response()
        }
        Some("docs") => refuse(StatusCode::BAD_REQUEST, 40010, "invalid request: topic name is disallowed"),
        Some("down") => (StatusCode::BAD_GATEWAY, "<html>bad gateway</html>").into_response(),
        _ => {
            let mut stored = json!({ "id": "sPs71M8A2T", "time": 1_772_355_600, "event": "message" });
            stored.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
            stored["asked"] = json!(headers.get("idempotency-key").is_some());
            Json(stored).into_response()
        }
    }
}

async fn run(parameters: Value, credential: Option<Value>) -> Result<Value, super::ActionError> {
    let server = serve(Router::new().route("/", post(publish))).await;
    let mut all = json!({ "server": server, "message": "The backup is done." });
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    Operations::embedded("ntfy").run("publish", all, credential).await
}

#[tokio::test]
async fn a_message_is_published_with_the_given_parameters() {
    let output =
        run(json!({ "topic": "backups", "tags": ["warning"] }), Some(json!({ "token": "tk_good" }))).await;
    // Declared properties only: neither `event` nor what the server adds to its answers.
    let expected = json!({
        "id": "sPs71M8A2T", "time": 1_772_355_600, "topic": "backups", "message": "The backup is done.",
    });
    assert_eq!(output.unwrap(), expected);
    assert!(run(json!({ "topic": "backups" }), None).await.is_ok(), "a public topic needs no token");
}

#[tokio::test]
async fn errors_contain_the_message_of_the_server() {
    let error = run(json!({ "topic": "docs" }), None).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("HTTP_STATUS", false));
    assert!(error.message.ends_with("400 Bad Request: invalid request: topic name is disallowed"), "{error}");

    let error = run(json!({ "topic": "backups" }), Some(json!({ "token": "tk_wrong" }))).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("BAD_CREDENTIAL", false));
    assert!(!error.message.contains("tk_wrong"));
}

#[tokio::test]
async fn a_busy_server_is_retried_after_the_requested_wait() {
    let error = run(json!({ "topic": "busy" }), None).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("RATE_LIMITED", true));
    assert_eq!(error.retry_after, Some(Duration::from_secs(12)));

    let error = run(json!({ "topic": "down" }), None).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("HTTP_STATUS", true));
    assert!(error.message.contains("bad gateway"), "{error}");
}
