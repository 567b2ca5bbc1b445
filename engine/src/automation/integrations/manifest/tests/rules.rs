//! What manifests can say that the embedded ones do not: other bodies, cursors, page numbers, errors in answers of
//! status 200.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Query, Request},
    http::{HeaderMap, StatusCode},
    response::IntoResponse as _,
    routing::{any, get},
};
use serde_json::{Value, json};

use super::{Operations, serve};

const HEAD: &str = r#"
    key = "example"
    name = "Example"
    description = "An example."
    icon = "box"
    [credential]
    description = "A key."
    fields.properties = { server = { type = "string" }, key = { type = "string" }, pin = { type = "string" } }
    [http]
    base = "{{ credential.server }}/v2/"
    headers.x-version = "{{ 2 }}"
    auth.query.key = "{{ credential.key }}"
    auth.headers.x-pin = "{{ credential.pin }}"
    error_message = "/why"
    errors = [{ body = { "/ok" = false }, code = "REFUSED" }]
    retry_after = { header = "x-reset", unit = "epoch" }
    [[actions]]
    key = "call"
    name = "Call"
    description = "Calls."
"#;

async fn run(action: &str, router: Router, parameters: Value) -> Result<Value, super::ActionError> {
    let server = serve(router).await;
    let credential = json!({ "server": server, "key": "k y", "pin": "" });
    Operations::of(&format!("{HEAD}{action}")).run("call", parameters, Some(credential)).await
}

/// Responds with the properties of the request.
async fn echo(request: Request) -> Json<Value> {
    let (head, body) = request.into_parts();
    let text = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Json(json!({ "data": {
        "uri": head.uri.to_string(),
        "type": text("content-type"),
        "version": text("x-version"),
        "pin": text("x-pin"),
        "body": String::from_utf8(body.to_vec()).unwrap(),
    } }))
}

const ECHO: &str = r#"
    answer.at = "/data"
    output.properties = { uri = {}, type = {}, version = {}, pin = {}, body = {} }
    parameters.properties = { a = {}, b = {} }
"#;

#[tokio::test]
async fn bodies_are_json_forms_or_text() {
    let echo = || Router::new().fallback(any(echo));
    let given = json!({ "a": "x&y", "b": { "deep": [null] } });
    let json = r#"request = { method = "PUT", path = "/things/{{ parameters.a }}", json = ["{{ parameters.b }}", { c = "{{ parameters.none }}", d = "{{ parameters.a }}!" }] }"#;
    let json = json.replace("parameters.none", "parameters.b.none");
    let output = run(&format!("{json}{ECHO}"), echo(), given.clone()).await.unwrap();
    assert_eq!(output["uri"], "/v2/things/x&y?key=k+y");
    assert_eq!(output["body"], r#"[{"deep":[null]},{"d":"x&y!"}]"#);
    assert_eq!(
        (&output["version"], &output["pin"]),
        (&json!("2"), &Value::Null),
        "empty secrets are left out"
    );

    let form = r#"request = { method = "POST", path = "/", form = { a = "{{ parameters.a }}", b = "{{ parameters.b }}" } }"#;
    let output = run(&format!("{form}{ECHO}"), echo(), json!({ "a": "x&y" })).await.unwrap();
    assert_eq!(
        (&output["type"], &output["body"]),
        (&json!("application/x-www-form-urlencoded"), &json!("a=x%26y"))
    );

    let text =
        r#"request = { method = "POST", path = "/", text = "{{ parameters.a }} and {{ parameters.b }}" }"#;
    let output = run(&format!("{text}{ECHO}"), echo(), json!({ "a": 1, "b": 2 })).await.unwrap();
    assert_eq!((&output["type"], &output["body"]), (&json!("text/plain; charset=utf-8"), &json!("1 and 2")));
}

const LIST: &str = r#"
    request = { method = "GET", path = "/list" }
    output.properties.n = { type = "integer" }
    parameters.properties.max = { type = "integer", default = 10, maximum = 100 }
"#;

#[tokio::test]
async fn cursors_are_followed_to_their_end() {
    let pages = async |Query(query): Query<Vec<(String, String)>>| {
        let cursor = query.iter().find(|(name, _)| name == "from").map(|(_, cursor)| cursor.as_str());
        Json(match cursor {
            None => json!({ "data": { "rows": [{ "n": 1, "m": 0 }] }, "next": "b/2" }),
            Some("b/2") => json!({ "data": { "rows": [{ "n": 2 }] }, "next": "" }),
            other => panic!("{other:?}"),
        })
    };
    let paging = r#"paging = { limit = "max", items = "/data/rows", by = { cursor = { query = "from", next = "/next" } } }"#;
    let output =
        run(&format!("{LIST}{paging}"), Router::new().route("/v2/list", get(pages)), json!({})).await;
    assert_eq!(output.unwrap(), json!({ "items": [{ "n": 1 }, { "n": 2 }], "more": false }));

    let same = async || Json(json!({ "data": { "rows": [] }, "next": "again" }));
    let output = run(&format!("{LIST}{paging}"), Router::new().route("/v2/list", get(same)), json!({})).await;
    assert_eq!(output.unwrap_err().code, "BAD_PAGING");
    let none = async || Json(json!({ "data": {} }));
    let output = run(&format!("{LIST}{paging}"), Router::new().route("/v2/list", get(none)), json!({})).await;
    assert_eq!(output.unwrap_err().code, "BAD_RESPONSE");
}

#[tokio::test]
async fn pages_are_counted_until_one_is_short() {
    let pages = async |Query(query): Query<Vec<(String, String)>>| {
        let page: usize = query.iter().find(|(name, _)| name == "p").unwrap().1.parse().unwrap();
        Json(match page {
            0 | 1 => json!([{ "n": page * 2 }, { "n": page * 2 + 1 }]),
            2 => json!([{ "n": 4 }]),
            _ => json!([]),
        })
    };
    for size in ["", ", size = 2"] {
        let paging =
            format!(r#"paging = {{ limit = "max", by = {{ page = {{ query = "p", first = 0{size} }} }} }}"#);
        let router = Router::new().route("/v2/list", get(pages));
        let output = run(&format!("{LIST}{paging}"), router, json!({})).await.unwrap();
        assert_eq!((output["items"].as_array().unwrap().len(), &output["more"]), (5, &json!(false)));
    }
}

#[tokio::test]
async fn a_response_with_status_200_can_be_an_error() {
    let action = r#"request = { method = "GET", path = "/x" }"#;
    let refused = async || Json(json!({ "ok": false, "why": "channel_not_found" }));
    let error = run(action, Router::new().route("/v2/x", get(refused)), json!({})).await.unwrap_err();
    assert_eq!((error.code.as_ref(), error.retryable), ("REFUSED", false));
    assert!(error.message.ends_with(": channel_not_found"), "{error}");

    let text = async || "hello";
    let error = run(action, Router::new().route("/v2/x", get(text)), json!({})).await.unwrap_err();
    assert_eq!(error.code, "BAD_RESPONSE");
    let nothing = async || StatusCode::NO_CONTENT;
    assert_eq!(run(action, Router::new().route("/v2/x", get(nothing)), json!({})).await.unwrap(), json!({}));
}

#[tokio::test]
async fn the_requested_wait_is_read_as_the_manifest_declares() {
    let action = r#"request = { method = "GET", path = "/x" }"#;
    let busy = async || {
        // Half a minute after the test's time.
        let headers: HeaderMap =
            [("x-reset".parse().unwrap(), "1772355630".parse().unwrap())].into_iter().collect();
        (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
    };
    let error = run(action, Router::new().route("/v2/x", get(busy)), json!({})).await.unwrap_err();
    assert_eq!((error.retryable, error.retry_after), (true, Some(Duration::from_secs(30))));
}
