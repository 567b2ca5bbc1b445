//! Work that members and callers of webhooks make the server do.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, future::join_all, stream};
use serde_json::{Value, json};

use super::Target;
use crate::harness::{Client, hook, step, steps, text};

/// Time within which the flow of another organization ends meanwhile.
const PATIENCE: Duration = Duration::from_secs(20);
/// Calls with large bodies at a time. The caller uses the same machine.
const AT_ONCE: usize = 2;
/// Calls of each flow.
const CALLS: usize = 8;

/// Calls a webhook, which accepts it.
async fn called(client: &Client, url: &str, body: &Value) {
    let answer = client.http().post(url).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 202);
}

/// Steps that take as long as they may.
fn expensive() -> Vec<Value> {
    let text = |parameters: Value| step("formatter.text").key("work").parameters(parameters);
    let body = "{{ trigger.body.text }}";
    [
        text(json!({ "transform": "replace", "value": body, "regex": true, "pattern": "a(?:.*b)?", "with": "b" })),
        text(json!({ "transform": "split", "value": body, "regex": true, "separator": "(?:a.*b|a)" })),
        text(json!({ "transform": "html_to_text", "value": "{{ trigger.body.html }}" })),
        text(json!({ "transform": "markdown_to_html", "value": "{{ trigger.body.markdown }}" })),
        text(json!({ "transform": "trim", "value":
            "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}" })),
        step("filter.continue_if").key("work").parameters(json!({ "conditions": [[
            { "value": body, "operator": "matches", "against": "(?:a?){80}a{80}b" }]] })),
    ]
    .map(|work| steps([hook(), work]))
    .into()
}

#[tokio::test]
async fn expensive_steps_delay_nobody() {
    let target = Target::start("work").await;
    let (mallory, eve) = (target.anonymous().signed_up().await, target.anonymous().signed_up().await);
    let (_, modest) = eve.published_flow(steps([hook(), text("a", "x")])).await;
    let mut urls = Vec::new();
    for graph in expensive() {
        urls.push(mallory.published_flow(graph).await.1);
    }
    let body = json!({ "text": "a".repeat(1_000_000), "html": "<b><i><p>".repeat(3_600), "markdown": "*a_".repeat(10_900) });
    let ended = "{ executions { totalCount nodes { status finishedAt } } }";
    target
        .withstands(async {
            let calls = urls.iter().flat_map(|url| [url; CALLS]).map(|url| called(&mallory, url, &body));
            stream::iter(calls).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
            let begun = Instant::now();
            called(&eve, &modest, &json!({})).await;
            eve.until(ended, json!({}), |reply| reply.at("/executions/nodes/0/status") == "SUCCEEDED").await;
            assert!(begun.elapsed() < PATIENCE, "another organization waited {:?}", begun.elapsed());
            let all = "{ executions(first: 100, filter: { status: [SUCCEEDED, FAILED] }) { totalCount } }";
            let mut attempts = crate::harness::attempts(Duration::from_mins(3));
            while mallory.send(all, json!({})).await.at("/executions/totalCount") != CALLS * urls.len() {
                assert!(attempts.next().await, "the work does not end");
            }
        })
        .await;
    target.end().await;
}

#[tokio::test]
async fn guessed_passwords_delay_nobody() {
    let target = Target::start("passwords").await;
    let ada = target.anonymous().signed_up().await;
    let sign_in =
        "mutation($e: String!) { signIn(input: { email: $e, password: \"wrong horse\" }) { token } }";
    target
        .withstands(async {
            let guesses = (0..400).map(|number| {
                let known = ada.email.clone().unwrap();
                let email = if number % 2 == 0 { known } else { format!("nobody{number}@example.com") };
                let client = target.anonymous();
                async move { client.ask(sign_in, json!({ "e": email })).await.code() }
            });
            let codes = join_all(guesses).await;
            let (wrong, limited): (Vec<_>, Vec<_>) =
                codes.iter().partition(|code| *code == "UNAUTHENTICATED");
            assert!(limited.iter().all(|code| *code == "RATE_LIMITED"), "{limited:?}");
            assert!(wrong.len() < 40, "{} were answered", wrong.len());
        })
        .await;
    ada.send("{ viewer { user { id } } }", json!({})).await;
    target.end().await;
}

#[tokio::test]
async fn large_webhook_calls_delay_nobody() {
    let target = Target::start("webhooks").await;
    let ada = target.anonymous().signed_up().await;
    let (_, url) = ada.published_flow(steps([hook(), text("a", "x")])).await;
    let body = json!({ "text": "x".repeat(1_900_000) });
    target
        .withstands(async {
            let calls = (0..100).map(|_| called(&ada, &url, &body));
            stream::iter(calls).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
            let done = "{ executions(filter: { status: [SUCCEEDED] }) { totalCount } }";
            ada.until(done, json!({}), |reply| reply.at("/executions/totalCount") == 100).await;
        })
        .await;
    target.end().await;
}
