//! `gitea`, against a server that answers as Gitea does: pages of at most two, with `link` headers.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{OriginalUri, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};

use super::{ActionError, Operations, serve};

type Asked = Arc<Mutex<Vec<String>>>;

fn issue(number: usize, title: &str) -> Value {
    json!({
        "id": 1000 + number, "number": number, "title": title, "body": "", "state": "open", "labels": [],
        "user": { "id": 1, "login": "ada", "email": "ada@example.com" },
        "html_url": format!("https://gitea.example.com/acme/site/issues/{number}"),
        "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z", "comments": 0,
    })
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message, "url": "https://gitea.example.com/api/swagger" })))
        .into_response()
}

async fn list(
    State(asked): State<Asked>,
    OriginalUri(uri): OriginalUri,
    Path((owner, _)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    asked.lock().unwrap().push(uri.to_string());
    if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "token t0k3n") {
        return refuse(StatusCode::UNAUTHORIZED, "token is required");
    }
    if owner != "acme" {
        return refuse(StatusCode::NOT_FOUND, "The target couldn't be found.");
    }
    let page: usize =
        query.iter().find(|(name, _)| name == "page").map_or(1, |(_, page)| page.parse().unwrap());
    let issues: Vec<_> =
        (1..=5).map(|number| issue(number, "It broke")).skip((page - 1) * 2).take(2).collect();
    let host = headers[header::HOST].to_str().unwrap();
    let link = |page: usize, relation: &str| {
        format!(r#"<http://{host}{}?limit=2&page={page}&state=open>; rel="{relation}""#, uri.path())
    };
    let links =
        if page < 3 { format!("{},{}", link(page + 1, "next"), link(3, "last")) } else { link(1, "first") };
    ([(header::LINK, links)], Json(issues)).into_response()
}

async fn create(Json(body): Json<Value>) -> Response {
    if body["title"] == "" {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "[Title]: Required");
    }
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["title"], "absent parameters are left out");
    (StatusCode::CREATED, Json(issue(6, body["title"].as_str().unwrap()))).into_response()
}

async fn run(operation: &str, parameters: Value) -> (Result<Value, ActionError>, Vec<String>) {
    let asked = Asked::default();
    let path = "/api/v1/repos/{owner}/{repository}/issues";
    let server = serve(Router::new().route(path, post(create).get(list)).with_state(asked.clone())).await;
    let mut all = json!({ "owner": "acme", "repository": "site" });
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    let credential = json!({ "server": format!("{server}/"), "token": "t0k3n" });
    let result = Operations::embedded("gitea").run(operation, all, Some(credential)).await;
    let asked = asked.lock().unwrap().clone();
    (result, asked)
}

#[tokio::test]
async fn an_issue_is_created() {
    let (output, _) = run("create_issue", json!({ "title": "It broke" })).await;
    let output = output.unwrap();
    assert_eq!((&output["number"], &output["title"]), (&json!(6), &json!("It broke")));
    assert!(output.get("id").is_none(), "undeclared properties are left out");
    let (error, _) = run("create_issue", json!({ "title": "" })).await;
    let error = error.unwrap_err();
    assert_eq!(error.code, "BAD_PARAMETERS");
    assert!(error.message.ends_with("[Title]: Required"), "{error}");
}

#[tokio::test]
async fn all_pages_of_a_list_are_read() {
    let (output, asked) = run("list_issues", json!({ "labels": ["bug", "ui"] })).await;
    let output = output.unwrap();
    let numbers: Vec<_> =
        output["items"].as_array().unwrap().iter().map(|item| item["number"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(output["more"], false);
    assert_eq!(output["items"][0]["user"], json!({ "login": "ada" }), "also inside, only what is declared");
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0], "/api/v1/repos/acme/site/issues?type=issues&state=open&labels=bug%2Cui&limit=50");
}

#[tokio::test]
async fn items_beyond_the_limit_are_not_read() {
    for (limit, pages) in [(3, 2), (4, 2), (2, 1)] {
        let (output, asked) = run("list_issues", json!({ "limit": limit })).await;
        let output = output.unwrap();
        assert_eq!(output["items"].as_array().unwrap().len(), limit);
        assert_eq!((&output["more"], asked.len()), (&json!(true), pages), "{limit}");
    }
    let (output, _) = run("list_issues", json!({ "limit": 5 })).await;
    assert_eq!(output.unwrap()["more"], false);
}

#[tokio::test]
async fn a_parameter_cannot_change_the_structure_of_the_path() {
    let (error, asked) = run("list_issues", json!({ "owner": "../../admin?x=1#" })).await;
    assert_eq!(error.unwrap_err().code, "NOT_FOUND");
    assert!(asked[0].starts_with("/api/v1/repos/..%2F..%2Fadmin%3Fx=1%23/site/issues?"), "{asked:?}");
    for owner in ["", ".", ".."] {
        let (error, asked) = run("list_issues", json!({ "owner": owner })).await;
        let error = error.unwrap_err();
        assert_eq!((error.code.as_ref(), asked.len()), ("BAD_PARAMETERS", 0), "{owner}");
    }
}
