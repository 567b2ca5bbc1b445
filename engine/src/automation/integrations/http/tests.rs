use std::{net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::Request as HttpRequest,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect},
    routing::{any, get},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use triptych_entities::ids::{ExecutionId, ExecutionStepId, FlowId, Id as _, OrganizationId};

use super::perform;
use crate::{
    automation::integrations::{ActionError, Call, Credential, action, exchange},
    compute::Budget,
    outbound::Outbound,
};

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Responds with the properties of the request.
async fn echo(request: HttpRequest) -> Json<Value> {
    let (head, body) = request.into_parts();
    let headers: serde_json::Map<_, _> =
        head.headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Json(json!({
        "method": head.method.as_str(),
        "query": head.uri.query(),
        "headers": headers,
        "body": String::from_utf8(body.to_vec()).unwrap(),
    }))
}

fn now() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

async fn run(parameters: Value) -> Result<Value, ActionError> {
    run_with(parameters, None).await
}

async fn run_with(parameters: Value, credential: Option<Value>) -> Result<Value, ActionError> {
    let nil = uuid::Uuid::nil();
    let call = Call {
        organization: OrganizationId::from_uuid(nil),
        flow: FlowId::from_uuid(nil),
        execution: ExecutionId::from_uuid(nil),
        execution_step: ExecutionStepId::from_uuid(nil),
        attempt: 1,
        integration: "http",
        operation: "request",
        parameters,
        budget: Budget::of(OrganizationId::from_uuid(nil)),
        credential: credential.map(Credential::unbound),
    };
    let outbound = Outbound::new(vec!["127.0.0.1".parse().unwrap()], Vec::new()).unwrap();
    let answer = perform(action::read(&call.parameters)?, &call, &outbound, now()).await?;
    Ok(serde_json::to_value(answer).unwrap())
}

#[tokio::test]
async fn sends_the_request_of_the_parameters() {
    let server = serve(Router::new().route("/echo", any(echo))).await;
    let output = run_with(
        json!({
            "method": "POST",
            "url": format!("http://{server}/echo?a=1"),
            "query": { "b": 2, "c": ["x", "y z"], "d": null },
            "headers": { "X-Number": 7 },
            "json": { "name": "Ada" },
        }),
        Some(json!({ "bearerToken": "t0k3n", "headers": { "X-Api-Key": "k3y" } })),
    )
    .await
    .unwrap();
    assert_eq!(output["status"], 200);
    assert_eq!(output["headers"]["content-type"], "application/json");
    let asked = &output["body"];
    assert_eq!(asked["method"], "POST");
    assert_eq!(asked["query"], "a=1&b=2&c=x&c=y+z");
    assert_eq!(asked["body"], r#"{"name":"Ada"}"#);
    assert_eq!(asked["headers"]["content-type"], "application/json");
    assert_eq!(asked["headers"]["x-number"], "7");
    assert_eq!(asked["headers"]["x-api-key"], "k3y");
    assert_eq!(asked["headers"]["authorization"], "Bearer t0k3n");
    assert_eq!(
        asked["headers"]["idempotency-key"],
        ExecutionStepId::from_uuid(uuid::Uuid::nil()).to_string()
    );
    assert!(asked["headers"]["user-agent"].as_str().unwrap().starts_with("Triptych/"));
}

#[tokio::test]
async fn basic_authentication_joins_name_and_password() {
    let server = serve(Router::new().route("/", any(echo))).await;
    let url = format!("http://{server}/");
    let credential = json!({ "username": "ada", "password": "pw" });
    let output = run_with(json!({ "url": url }), Some(credential)).await.unwrap();
    assert_eq!(output["body"]["headers"]["authorization"], "Basic YWRhOnB3");
    let error = run_with(json!({ "url": url }), Some(json!({ "token": "s3cret" }))).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("BAD_CREDENTIAL", false));
    assert!(!error.message.contains("s3cret"));
}

#[tokio::test]
async fn bodies_are_json_text_or_base64() {
    let router = Router::new()
        .route("/text", get(async || "naïve"))
        .route("/bytes", get(async || vec![0xff, 0xfe, 0x00]))
        .route("/empty", get(async || StatusCode::NO_CONTENT))
        .route("/broken", get(async || ([(header::CONTENT_TYPE, "application/json")], "{not json")))
        .route("/nul", get(async || ([(header::CONTENT_TYPE, "application/json")], r#""a\u0000""#)))
        .route("/problem", get(async || ([(header::CONTENT_TYPE, "application/problem+json")], "[1]")));
    let server = serve(router).await;
    let body = async |path: &str| {
        let output = run(json!({ "url": format!("http://{server}{path}") })).await.unwrap();
        (output["body"].clone(), output["encoding"].clone())
    };
    assert_eq!(body("/text").await, (json!("naïve"), Value::Null));
    assert_eq!(body("/bytes").await, (json!("//4A"), json!("base64")));
    assert_eq!(body("/empty").await, (Value::Null, Value::Null));
    assert_eq!(body("/broken").await, (json!("{not json"), Value::Null));
    assert_eq!(body("/nul").await, (json!("a\u{FFFD}"), Value::Null));
    assert_eq!(body("/problem").await, (json!([1]), Value::Null));
}

#[tokio::test]
async fn error_statuses_fail_the_step_unless_disabled() {
    let router = Router::new()
        .route("/500", get(async || (StatusCode::INTERNAL_SERVER_ERROR, "x".repeat(2_000))))
        .route("/404", get(async || (StatusCode::NOT_FOUND, "no such order")))
        .route("/429", get(async || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")])))
        .route(
            "/503",
            get(async || {
                let at = [(header::RETRY_AFTER, "Sun, 01 Mar 2026 09:00:20 GMT")];
                (StatusCode::SERVICE_UNAVAILABLE, at)
            }),
        );
    let server = serve(router).await;
    let failure = async |path: &str| {
        let error = run(json!({ "url": format!("http://{server}{path}") })).await.unwrap_err();
        assert_eq!(error.code, "HTTP_STATUS");
        error
    };
    let error = failure("/500").await;
    assert!(error.retryable);
    assert!(error.message.contains("500 Internal Server Error"));
    assert_eq!(error.message.matches('x').count(), 500);
    let error = failure("/404").await;
    assert!(!error.retryable);
    assert!(error.message.ends_with("no such order"));
    assert_eq!(failure("/429").await.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(failure("/503").await.retry_after, Some(Duration::from_secs(20)));

    let url = format!("http://{server}/404");
    let output = run(json!({ "url": url, "failOnError": false })).await.unwrap();
    assert_eq!((&output["status"], &output["body"]), (&json!(404), &json!("no such order")));
}

#[tokio::test]
async fn redirects_are_followed_up_to_a_limit() {
    let router = Router::new()
        .route("/echo", any(echo))
        .route("/see-other", any(async || Redirect::to("/echo")))
        .route("/keep", any(async || Redirect::temporary("/echo")))
        .route("/loop", any(async || Redirect::temporary("/loop")))
        .route("/file", any(async || Redirect::temporary("file:///etc/passwd")));
    let server = serve(router).await;
    let post = async |path: &str| {
        run(json!({ "method": "POST", "url": format!("http://{server}{path}"), "json": [1] })).await
    };
    let output = post("/see-other").await.unwrap();
    assert_eq!(output["body"]["method"], "GET");
    assert_eq!(output["body"]["body"], "");
    let output = post("/keep").await.unwrap();
    assert_eq!(output["body"]["method"], "POST");
    assert_eq!(output["body"]["body"], "[1]");
    for path in ["/loop", "/file"] {
        let error = post(path).await.unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("BAD_REDIRECT", false));
    }
}

#[tokio::test]
async fn secrets_are_not_sent_to_other_hosts_after_a_redirect() {
    let other = serve(Router::new().route("/", any(echo))).await;
    let target = format!("http://{other}/");
    let server = serve(Router::new().route(
        "/",
        any(async move |headers: HeaderMap| {
            assert_eq!(headers["x-api-key"], "k3y");
            Redirect::temporary(&target)
        }),
    ))
    .await;
    let output = run_with(
        json!({ "url": format!("http://{server}/"), "headers": { "cookie": "a=b", "x-kept": "1" } }),
        Some(json!({ "bearerToken": "t0k3n", "headers": { "x-api-key": "k3y" } })),
    )
    .await
    .unwrap();
    let headers = &output["body"]["headers"];
    assert_eq!(headers["x-kept"], "1");
    for secret in ["authorization", "cookie", "x-api-key"] {
        assert!(headers.get(secret).is_none(), "{secret} was sent on");
    }
}

#[tokio::test]
async fn a_large_response_is_refused() {
    let router = Router::new()
        .route("/known", get(async || vec![b'a'; exchange::BODY_LIMIT + 1]))
        .route("/fits", get(async || vec![b'a'; exchange::BODY_LIMIT]))
        .route(
            "/endless",
            get(async || {
                let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'a'; 65_536]));
                Body::from_stream(chunks).into_response()
            }),
        );
    let server = serve(router).await;
    for path in ["/known", "/endless"] {
        let error = run(json!({ "url": format!("http://{server}{path}") })).await.unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("RESPONSE_TOO_LARGE", false));
    }
    let output = run(json!({ "url": format!("http://{server}/fits") })).await.unwrap();
    assert_eq!(output["body"].as_str().unwrap().len(), exchange::BODY_LIMIT);
}

#[tokio::test]
async fn an_unreachable_target_is_retryable() {
    // The port was free a moment ago.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = run(json!({ "url": format!("http://{address}/a?token=s3cret") })).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("UNREACHABLE", true));
    assert!(error.message.contains(&address.to_string()), "{error}");
    assert!(!error.message.contains("s3cret"));

    let error = run(json!({ "url": "http://host.invalid/" })).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("UNREACHABLE", true));
}

#[tokio::test]
async fn a_slow_target_times_out() {
    let router = Router::new().route("/never", get(async || std::future::pending::<()>().await)).route(
        "/half",
        get(async || {
            let start = futures::stream::once(async { Ok::<_, std::io::Error>("half") });
            Body::from_stream(futures::StreamExt::chain(start, futures::stream::pending())).into_response()
        }),
    );
    let server = serve(router).await;
    for path in ["/never", "/half"] {
        let url = format!("http://{server}{path}");
        let error = run(json!({ "url": url, "timeoutSeconds": 0.2 })).await.unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("TIMEOUT", true));
    }
}

#[tokio::test]
async fn a_broken_connection_is_retryable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = [0; 1024];
        let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut asked).await;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
        tokio::io::AsyncWriteExt::write_all(&mut socket, answer).await.unwrap();
    });
    let error = run(json!({ "url": format!("http://{address}/") })).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("UNREACHABLE", true));
}

#[tokio::test]
async fn invalid_parameters_are_not_retryable() {
    for parameters in [
        json!({}),
        json!({ "url": "not an address" }),
        json!({ "url": "ftp://example.com/" }),
        json!({ "url": "file:///etc/passwd" }),
        json!({ "url": "http://127.0.0.1/", "method": "BREW" }),
        json!({ "url": "http://127.0.0.1/", "method": "CONNECT" }),
        json!({ "url": "http://127.0.0.1/", "headers": { "bad name": "x" } }),
        json!({ "url": "http://127.0.0.1/", "headers": { "x": "line\nbreak" } }),
        json!({ "url": "http://127.0.0.1/", "headers": { "content-length": "3" } }),
        json!({ "url": "http://127.0.0.1/", "query": { "a": { "b": 1 } } }),
        json!({ "url": "http://127.0.0.1/", "json": 1, "body": "1" }),
        json!({ "url": "http://127.0.0.1/", "timeoutSeconds": 301 }),
        json!({ "url": "http://127.0.0.1/", "timeoutSeconds": 0 }),
    ] {
        let error = run(parameters.clone()).await.unwrap_err();
        assert_eq!((error.code.as_ref(), error.retryable), ("BAD_PARAMETERS", false), "{parameters}");
    }
}
