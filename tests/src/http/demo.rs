//! The demo user, whom only the playground of a server on this machine signs in as.

use std::{process::Stdio, time::Duration};

use reqwest::{Response, StatusCode, header::SET_COOKIE};
use serde_json::json;

use crate::{
    harness::{Client, World},
    process::Process,
};

const VIEWER: &str = "{ viewer { user { email } } }";
const SIGN_IN: &str = "mutation($password: String!) {
    signIn(input: { email: \"demo@triptych.local\", password: $password }) { token } }";

/// Asks for a session as the page of the playground does, with other headers where given.
async fn open(url: &str, page: &str, headers: &[(&str, &str)]) -> Response {
    let client = Client::new(url);
    let mut request = client.http().post(format!("{url}/playground/session"));
    let usual = [("content-type", "application/json"), ("origin", url), ("sec-fetch-site", "same-origin")];
    for (name, value) in usual {
        let other = headers.iter().find(|(other, _)| *other == name);
        request = request.header(name, other.map_or(value, |(_, value)| value));
    }
    for (name, value) in headers.iter().filter(|(name, _)| usual.iter().all(|(usual, _)| usual != name)) {
        request = request.header(*name, *value);
    }
    request.body(json!({ "origin": page }).to_string()).send().await.expect("an answer")
}

/// The token of the cookie that a response sets.
fn token(response: &Response) -> Option<String> {
    let cookie = response.headers().get(SET_COOKIE)?.to_str().ok()?;
    Some(cookie.strip_prefix("triptych_session=")?.split(';').next()?.to_owned())
}

#[tokio::test]
async fn only_the_page_on_this_machine_gets_a_demo_session() {
    let mut process = Process::start("demo").await;
    let url = process.url.clone();
    let page = Client::new(&url).http().get(&url).send().await.expect("a page");
    assert!(page.headers().get(SET_COOKIE).is_none(), "reading the page opens no session");
    let public = "https://triptych.example";
    let foreign: [&[(&str, &str)]; 8] = [
        &[("origin", public)],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none")],
        &[("content-type", "text/plain")],
        &[("x-forwarded-for", "198.51.100.1")],
        &[("x-forwarded-host", "triptych.example")],
        &[("via", "1.1 proxy")],
    ];
    for headers in foreign {
        let refused = open(&url, &url, headers).await;
        assert_eq!((refused.status(), token(&refused)), (StatusCode::FORBIDDEN, None), "{headers:?}");
    }
    // A proxy that rewrites the host and the origin does not rewrite what the page sees.
    assert_eq!(open(&url, public, &[]).await.status(), StatusCode::FORBIDDEN);
    let opened = open(&url, &url, &[]).await;
    assert_eq!(opened.status(), StatusCode::NO_CONTENT);
    let demo = Client::new(&url).with_token(&token(&opened).expect("a session"));
    let reply = demo.send(VIEWER, json!({})).await;
    assert_eq!(reply.text("/viewer/user/email"), "demo@triptych.local");
    let created = demo
        .send("mutation { createApiToken(input: { name: \"t\" }) { secret } }", json!({}))
        .await
        .text("/createApiToken/secret");
    for password in ["triptych-demo", ""] {
        Client::new(&url).refused(SIGN_IN, json!({ "password": password }), "UNAUTHENTICATED").await;
    }

    // Others can reach the server: there is no demo user.
    process.kill_and_start_at("0.0.0.0").await;
    assert_eq!(open(&url, &url, &[]).await.status(), StatusCode::FORBIDDEN);
    demo.refused(VIEWER, json!({}), "UNAUTHENTICATED").await;
    demo.with_token(&created).refused(VIEWER, json!({}), "UNAUTHENTICATED").await;
    Client::new(&url).refused(SIGN_IN, json!({ "password": "triptych-demo" }), "UNAUTHENTICATED").await;

    process.kill_and_start_again().await;
    assert_eq!(open(&url, &url, &[]).await.status(), StatusCode::NO_CONTENT);
    process.end().await;
}

#[tokio::test]
async fn there_is_no_demo_user_with_configured_databases() {
    let world = World::start().await;
    assert_eq!(open(&world.url, &world.url, &[]).await.status(), StatusCode::FORBIDDEN);
    world.anonymous().refused(SIGN_IN, json!({ "password": "triptych-demo" }), "UNAUTHENTICATED").await;
    world.end().await;
}

#[tokio::test]
async fn seeding_needs_a_flag_and_an_empty_database() {
    let mut process = Process::start("seed").await;
    process.kill().await;
    process.engines_end(Duration::from_secs(20)).await;
    // The server created the demo organization at its start.
    for (arguments, reason) in
        [(&["seed"][..], "--demo"), (&["seed", "--demo"], "the database has organizations already")]
    {
        let mut command = process.program();
        let output = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let output = output.await.expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(reason), "{error}");
    }
    process.end().await;
}
