//! Invalid requests get an error with a code, and the server continues to work.

use serde_json::{Value, json};

use crate::harness::{Client, Reply, World, hook, steps, text};

/// Checks that the server still responds.
async fn still_responds(client: &Client) {
    let viewer = client.send("{ viewer { user { email } } }", json!({})).await;
    assert_eq!(viewer.at("/viewer/user/email"), &json!(client.email));
}

/// Posts a body unchanged. Returns the status and the response as JSON.
async fn post(client: &Client, path: &str, body: impl Into<reqwest::Body>) -> (u16, Reply) {
    let mut request = client.http().post(format!("{}{path}", client.url)).body(body);
    request = request.header("content-type", "application/json");
    if let Some(token) = &client.token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.expect("the server answers");
    (response.status().as_u16(), Reply(response.json().await.expect("JSON")))
}

#[tokio::test]
async fn invalid_requests_are_refused_with_a_code() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"{ viewer }\"",
        b"{}",
        b"{\"query\": 1}",
        b"{\"query\": \"{ __typename }\", \"variables\": []}",
        b"\xff\xfe",
        b"{\"query\": \"{ __typename }\"",
    ];
    for body in bodies {
        let (status, reply) = post(&ada, "/graphql", body).await;
        assert_eq!(
            (status, reply.code()),
            (400, "BAD_USER_INPUT".to_owned()),
            "{}",
            String::from_utf8_lossy(body)
        );
        assert!(reply.0.get("data").is_none());
    }
    for query in [
        "",
        "{",
        "}",
        "{ viewer { nothing } }",
        "{ nothing }",
        "query A { __typename } query B { __typename }",
        "mutation { }",
        "{ viewer { user } }",
        "{ ...Missing }",
        "fragment F on Viewer { user { id } } { __typename }",
        "{ node(id: 1.5) { id } }",
    ] {
        let reply = ada.refused(query, json!({}), "BAD_USER_INPUT").await;
        assert!(reply.0.get("data").is_none(), "{query}: {:#}", reply.0);
    }
    still_responds(&ada).await;
    world.end().await;
}

#[tokio::test]
async fn values_of_a_wrong_type_or_range_are_refused_with_a_code() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }";
    let wrong = |field: &str, value: Value| json!({ "input": { "name": "x", "steps": steps([hook().with(field, value)]) } });
    for variables in [
        json!({}),
        json!({ "input": null }),
        json!({ "input": 1 }),
        json!({ "input": {} }),
        json!({ "input": { "name": 1 } }),
        json!({ "input": { "name": "x", "unknown": 1 } }),
        json!({ "input": { "name": "x", "steps": "hook" } }),
        wrong("kind", json!("TELEPORT")),
        wrong("kind", json!(1)),
        wrong("key", json!(null)),
        wrong("timeoutSeconds", json!("soon")),
        wrong("timeoutSeconds", json!(1e20)),
        wrong("integration", json!("nothing")),
        wrong("operation", json!("nothing")),
        wrong("parameters", json!({ "nothing": 1 })),
        wrong("retry", json!({ "maxAttempts": -1 })),
    ] {
        ada.refused(create, variables, "BAD_USER_INPUT").await;
    }
    let thread = "query($id: ID!) { thread(id: $id) { id } }";
    for id in [
        "",
        "thread_",
        "thread_01h2xcejqtf2nbrexx3vqjhp4",
        "thread_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "_",
        "thread",
        "org_01h2xcejqtf2nbrexx3vqjhp41x",
        "THREAD_01H2XCEJQTF2NBREXX3VQJHP41",
        "💥",
        &"x".repeat(100_000),
    ] {
        assert_eq!(
            ada.refused(thread, json!({ "id": id }), "BAD_USER_INPUT").await.fields(),
            ["id"],
            "{id:.40}"
        );
        ada.refused("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id }), "BAD_USER_INPUT").await;
    }
    still_responds(&ada).await;
    world.end().await;
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, _) = ada.published_flow(steps([hook()])).await;
    ada.finished(&ada.run_flow(&flow, json!({})).await).await;
    let sent = ada.say("Hello").await;
    ada.answered(&sent.generation).await;
    let lists = ["flows", "threads", "executions"];
    let mut cursors = Vec::new();
    for list in lists {
        let reply = ada.send(&format!("{{ {list} {{ pageInfo {{ endCursor }} }} }}"), json!({})).await;
        cursors.push((list, reply.text(&format!("/{list}/pageInfo/endCursor"))));
    }
    for (of, cursor) in &cursors {
        for list in lists {
            let query = format!("query($c: String) {{ {list}(first: 1, after: $c) {{ nodes {{ id }} }} }}");
            if *of == list {
                ada.send(&query, json!({ "c": cursor })).await;
            } else if (*of, list) != ("flows", "executions") && (*of, list) != ("executions", "flows") {
                assert_eq!(
                    ada.refused(&query, json!({ "c": cursor }), "BAD_USER_INPUT").await.fields(),
                    ["after"],
                    "{of} in {list}"
                );
            }
        }
    }
    for cursor in ["", "x", "bnVsbA", "W10", "💥"] {
        for list in lists {
            for (count, place) in [("first", "after"), ("last", "before")] {
                let query =
                    format!("query($c: String) {{ {list}({count}: 1, {place}: $c) {{ nodes {{ id }} }} }}");
                let refused = ada.refused(&query, json!({ "c": cursor }), "BAD_USER_INPUT").await;
                assert_eq!(refused.fields(), [place], "{list}: {cursor}");
            }
        }
    }
    still_responds(&ada).await;
    world.end().await;
}

#[tokio::test]
async fn documents_beyond_the_limits_are_refused_before_execution() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let nested = |depth: usize| {
        format!(
            "{{ flows {{ nodes {{ {} id {} }} }} }}",
            "draft { steps { id } } executions { nodes { flow {".repeat(depth),
            "} } }".repeat(depth)
        )
    };
    let deep = format!(
        "{{ flow(id: \"x\") {{ {} id {} }} }}",
        "executions(first: 1) { nodes { flow { ".repeat(6),
        "} } } ".repeat(6)
    );
    let complex = "{ flows(first: 100) { nodes { executions(first: 100) { nodes { steps(first: 100) { nodes { id } } } } } } }";
    let aliases = (0..101).fold(String::new(), |aliases, n| aliases + &format!("a{n}: __typename "));
    let tokens: String = "viewer { user { id } } ".repeat(2000);
    let directives = format!("{{ __typename {} }}", "@include(if: true) ".repeat(51));
    let brackets = format!("{{ node(id: {}1{}) {{ id }} }}", "[".repeat(4000), "]".repeat(4000));
    for query in [
        deep,
        complex.to_owned(),
        nested(9),
        format!("{{ {aliases} }}"),
        format!("{{ {tokens} }}"),
        brackets,
        format!("{{ {} {} }}", "viewer { user { ".repeat(2400), "} } ".repeat(2400)),
    ] {
        let refused = ada.refused(&query, json!({}), "LIMIT_EXCEEDED").await;
        assert!(refused.0.get("data").is_none(), "{query:.200}");
        assert!(
            refused.0.to_string().len() < 1000,
            "the response does not contain the document: {query:.200}"
        );
    }
    // Values of variables are counted too.
    let sized =
        "query($n: Int, $m: Int) { flows(first: $n) { nodes { executions(last: $n, first: $m) { nodes {
        steps(first: $n) { nodes { id } } } } } } }";
    ada.refused(sized, json!({ "n": 100 }), "LIMIT_EXCEEDED").await;
    ada.send(sized, json!({ "n": 5 })).await;
    let many: Vec<Value> = (0..11).map(|_| json!({ "query": "{ __typename }" })).collect();
    let (status, reply) = post(&ada, "/graphql", json!(many).to_string()).await;
    assert_eq!((status, reply.code()), (400, "LIMIT_EXCEEDED".to_owned()));
    let large = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(3 << 20) } }).to_string();
    let (status, reply) = post(&ada, "/graphql", large).await;
    assert_eq!((status, reply.code()), (413, "LIMIT_EXCEEDED".to_owned()));
    ada.refused(&directives, json!({}), "LIMIT_EXCEEDED").await;
    // Each fragment spreads the next one twice: a short document that would expand to 2^40 fields.
    let fragments = (0..40).map(|n| format!(" fragment F{n} on Viewer {{ ...F{m} ...F{m} }}", m = n + 1));
    let chain = format!(
        "{{ viewer {{ ...F0 }} }}{} fragment F40 on Viewer {{ permissions {{ action }} }}",
        fragments.collect::<String>()
    );
    ada.refused(&chain, json!({}), "LIMIT_EXCEEDED").await;
    // Introspection whose size is a power of the number of types.
    let introspection = "{ __type(name: \"Node\") { possibleTypes { interfaces { possibleTypes { interfaces {
        possibleTypes { interfaces { possibleTypes { name } } } } } } } } }";
    ada.refused(introspection, json!({}), "LIMIT_EXCEEDED").await;
    let cycle = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }";
    ada.refused(cycle, json!({}), "LIMIT_EXCEEDED").await;
    still_responds(&ada).await;
    world.end().await;
}

#[tokio::test]
async fn webhooks_refuse_bodies_that_cannot_be_stored() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, url) = ada.published_flow(steps([hook(), text("t", "{{ trigger.body.a }}")])).await;
    let path = url.strip_prefix(&ada.url).expect("an address of this server");
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(10 << 20));
    for suffix in ["", "/sync"] {
        let path = format!("{path}{suffix}");
        let (status, reply) = post(&ada, &path, large.clone()).await;
        assert_eq!((status, reply.code()), (413, "LIMIT_EXCEEDED".to_owned()));
        // Without a `Content-Length`.
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
            (0..160).map(|_| Ok(vec![b' '; 1 << 16])).collect();
        let stream = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
        let (status, reply) = post(&ada, &path, stream).await;
        assert_eq!((status, reply.code()), (413, "LIMIT_EXCEEDED".to_owned()));
        for body in ["{\"a\": \"x\\u0000y\"}", "{\"\\u0000\": 1}", "{", "\u{0}"] {
            let (status, reply) = post(&ada, &path, body).await;
            assert_eq!((status, reply.code()), (400, "BAD_USER_INPUT".to_owned()), "{body}");
        }
    }
    let (status, reply) = post(&ada, "/webhooks/nothing", "{}").await;
    assert_eq!((status, reply.code()), (404, "NOT_FOUND".to_owned()));
    let count = "query($id: ID!) { flow(id: $id) { executions { totalCount } } }";
    let none = ada.send(count, json!({ "id": flow })).await;
    assert_eq!(none.at("/flow/executions/totalCount"), 0, "refused requests start no execution");

    let run =
        "mutation($id: ID!, $p: JSON) { runFlow(input: { flowId: $id, payload: $p }) { execution { id } } }";
    ada.refused(run, json!({ "id": flow, "p": { "a": "x\u{0}" } }), "BAD_USER_INPUT").await;
    let send = "mutation($x: String) { sendMessage(input: { text: $x }) { thread { id } } }";
    ada.refused(send, json!({ "x": "x\u{0}y" }), "BAD_USER_INPUT").await;
    ada.refused(
        "mutation { sendMessage(input: { text: \"\\u0000\" }) { thread { id } } }",
        json!({}),
        "BAD_USER_INPUT",
    )
    .await;

    // A template with a missing value fails the step.
    let (status, _) = post(&ada, path, "{}").await;
    assert_eq!(status, 202);
    let ran = "query($id: ID!) { flow(id: $id) { executions { nodes { id } } } }";
    let id = ada.send(ran, json!({ "id": flow })).await.text("/flow/executions/nodes/0/id");
    let done = ada.finished(&id).await;
    assert_eq!(done.at("/execution/status"), "FAILED");
    assert!(done.step("t")["error"]["code"].is_string(), "{:#}", done.0);
    still_responds(&ada).await;
    world.end().await;
}
