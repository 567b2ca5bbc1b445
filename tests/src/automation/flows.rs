//! Flows: drafts, their problems, publishing, lists.

use serde_json::{Value, json};

use crate::harness::{Client, World, delay, hook, step, steps, text};

const CREATE: &str = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow {
    id name status webhookUrl draft { number steps { id key name kind operation parameters integration { key } }
    links { from { key } to { key } kind condition } problems { path message } } published { number } } } }";
const PUBLISH: &str = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { status published { number publishedAt } } } }";

async fn create(client: &Client, name: &str) -> String {
    let reply = client.send(CREATE, json!({ "input": { "name": name, "steps": steps([hook()]) } })).await;
    reply.text("/createFlow/flow/id")
}

#[tokio::test]
async fn a_flow_is_created_with_its_draft_and_published() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let input = json!({ "name": "Greet", "clientId": "one", "steps": steps([
        hook(), step("formatter.text").key("shout").parameters(json!({ "transform": "uppercase", "value": "{{ trigger.body.name }}" })),
    ]) });
    let made = ada.send(CREATE, json!({ "input": input })).await;
    let flow = made.at("/createFlow/flow");
    assert_eq!(flow["status"], "DRAFT");
    assert_eq!(flow["draft"]["steps"][1]["kind"], "ACTION");
    assert_eq!(flow["draft"]["links"][0]["from"]["key"], "hook");
    assert_eq!(flow["draft"]["links"][0]["kind"], "NEXT");
    assert_eq!(flow["draft"]["problems"], json!([]));
    assert!(flow["webhookUrl"].as_str().unwrap().starts_with(&format!("{}/webhooks/", world.url)));

    let again = ada.send(CREATE, json!({ "input": input })).await;
    assert_eq!(again.at("/createFlow/flow/id"), &flow["id"]);

    let published = ada.send(PUBLISH, json!({ "id": flow["id"] })).await;
    assert_eq!(published.at("/publishFlow/flow/status"), "PUBLISHED");
    assert_eq!(published.at("/publishFlow/flow/published/number"), 1);
    let twice = ada.send(PUBLISH, json!({ "id": flow["id"] })).await;
    assert_eq!(twice.0, published.0);
    world.end().await;
}

#[tokio::test]
async fn each_problem_is_named_by_its_path() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let cases = [
        (steps([hook(), step("nowhere.at_all").key("x")]), json!([]), "steps.1.integration"),
        (steps([hook(), step("http.teleport").key("x")]), json!([]), "steps.1.operation"),
        (
            steps([hook(), step("http.request").key("x").parameters(json!({ "method": "GET", "url": 7 }))]),
            json!([]),
            "steps.1.parameters.url",
        ),
        (steps([hook(), hook()]), json!([]), "steps.1.key"),
        (
            steps([hook(), step("delay.for").key("no spaces").parameters(json!({ "seconds": 1 }))]),
            json!([]),
            "steps.1.key",
        ),
        (steps([hook()]), json!([{ "from": "hook", "to": "nothing" }]), "links.0.to"),
        (
            steps([hook(), delay("a", 1.0), delay("b", 1.0)]),
            json!([{ "from": "hook", "to": "a" }, { "from": "a", "to": "b" }, { "from": "b", "to": "a" }]),
            "links",
        ),
        (
            steps([hook(), delay("a", 1.0), delay("lonely", 1.0)]),
            json!([{ "from": "hook", "to": "a" }]),
            "steps.2",
        ),
        (steps([hook(), text("a", "{{ steps.later.output }}")]), json!([]), "steps.1.parameters.value"),
        (steps([hook(), text("a", "{{ oops")]), json!([]), "steps.1.parameters.value"),
        (
            steps([step("schedule.cron").key("s").parameters(json!({ "expression": "not a cron" }))]),
            json!([]),
            "steps.0.parameters.expression",
        ),
    ];
    for (steps, links, path) in cases {
        let input = json!({ "name": "Broken", "steps": steps, "links": links });
        let refused = ada.refused(CREATE, json!({ "input": input }), "BAD_USER_INPUT").await;
        assert!(refused.fields().iter().any(|field| field == path), "{path}: {:#}", refused.0);
    }
    assert_eq!(ada.send("{ flows { totalCount } }", json!({})).await.at("/flows/totalCount"), 0);
    world.end().await;
}

#[tokio::test]
async fn the_notes_of_a_flow_are_kept_copied_and_removed() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create =
        "mutation($n: String) { createFlow(input: { name: \"F\", notes: $n }) { flow { id notes } } }";
    let created = ada.send(create, json!({ "n": "# Why" })).await;
    let id = created.text("/createFlow/flow/id");
    assert_eq!(*created.at("/createFlow/flow/notes"), "# Why");
    let update = "mutation($i: UpdateFlowDraftInput!) { updateFlowDraft(input: $i) { flow { name notes } } }";
    let renamed = ada.send(update, json!({ "i": { "flowId": id, "name": "G" } })).await;
    assert_eq!(*renamed.at("/updateFlowDraft/flow"), json!({ "name": "G", "notes": "# Why" }));
    let copy = "mutation($id: ID!) { duplicateFlow(input: { flowId: $id }) { flow { notes } } }";
    assert_eq!(*ada.send(copy, json!({ "id": id })).await.at("/duplicateFlow/flow/notes"), "# Why");
    let removed = ada.send(update, json!({ "i": { "flowId": id, "notes": null } })).await;
    assert_eq!(*removed.at("/updateFlowDraft/flow"), json!({ "name": "G", "notes": null }));
    let long = json!({ "i": { "flowId": id, "name": "", "notes": "x".repeat(10_001) } });
    assert_eq!(ada.refused(update, long, "BAD_USER_INPUT").await.fields(), ["name", "notes"]);
    world.end().await;
}

#[tokio::test]
async fn an_incomplete_draft_is_not_published() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let steps = steps([step("http.request").key("fetch").parameters(json!({ "method": "GET" }))]);
    let made = ada.send(CREATE, json!({ "input": { "name": "Unfinished", "steps": steps } })).await;
    let problems = made.at("/createFlow/flow/draft/problems").as_array().unwrap().clone();
    let paths: Vec<_> = problems.iter().map(|problem| problem["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"steps") && paths.contains(&"steps.0.parameters.url"), "{paths:?}");
    let refused =
        ada.refused(PUBLISH, json!({ "id": made.at("/createFlow/flow/id") }), "BAD_USER_INPUT").await;
    assert!(refused.fields().contains(&"steps".to_owned()));
    world.end().await;
}

#[tokio::test]
async fn a_change_of_the_draft_does_not_change_the_published_version() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let id = create(&ada, "Versions").await;
    ada.send(PUBLISH, json!({ "id": id })).await;
    let update = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { flow { name
        draft { number steps { key } } published { number steps { key } } } } }";
    let longer = steps([hook(), delay("wait", 1.0)]);
    let changed =
        ada.send(update, json!({ "input": { "flowId": id, "name": "Renamed", "steps": longer } })).await;
    let flow = changed.at("/updateFlowDraft/flow");
    assert_eq!(flow["name"], "Renamed");
    assert_eq!(flow["draft"]["number"], 2);
    assert_eq!(flow["draft"]["steps"].as_array().unwrap().len(), 2);
    assert_eq!(flow["published"]["number"], 1);
    assert_eq!(flow["published"]["steps"].as_array().unwrap().len(), 1);
    // A draft that was neither published nor executed leaves no version.
    ada.send(update, json!({ "input": { "flowId": id, "steps": steps([hook()]) } })).await;
    let versions = ada
        .send(
            "query($id: ID!) { flow(id: $id) { versions { totalCount nodes { number } } } }",
            json!({ "id": id }),
        )
        .await;
    assert_eq!(versions.at("/flow/versions/totalCount"), 2);
    world.end().await;
}

#[tokio::test]
async fn lists_are_walked_by_cursor_in_both_directions_and_any_order() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    for name in ["delta", "Alpha", "charlie", "Bravo", "echo"] {
        create(&ada, name).await;
    }
    let walk = "query($first: Int, $after: String, $last: Int, $before: String, $order: FlowOrder, $filter: FlowFilter) {
        flows(first: $first, after: $after, last: $last, before: $before, orderBy: $order, filter: $filter) {
          totalCount nodes { name } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let by_name = json!({ "field": "NAME", "direction": "ASC" });
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = ada.send(walk, json!({ "first": 2, "after": after, "order": by_name })).await;
        assert_eq!(page.at("/flows/totalCount"), 5);
        names.extend(page.at("/flows/nodes").as_array().unwrap().iter().map(|node| node["name"].clone()));
        if page.at("/flows/pageInfo/hasNextPage") == false {
            break;
        }
        after = page.at("/flows/pageInfo/endCursor").clone();
    }
    assert_eq!(json!(names), json!(["Alpha", "Bravo", "charlie", "delta", "echo"]));

    let last = ada.send(walk, json!({ "last": 2, "order": by_name })).await;
    assert_eq!(last.at("/flows/nodes"), &json!([{ "name": "delta" }, { "name": "echo" }]));
    assert_eq!(last.at("/flows/pageInfo/hasPreviousPage"), true);
    let before = last.at("/flows/pageInfo/startCursor");
    let back = ada.send(walk, json!({ "last": 2, "before": before, "order": by_name })).await;
    assert_eq!(back.at("/flows/nodes"), &json!([{ "name": "Bravo" }, { "name": "charlie" }]));

    let newest = ada.send(walk, json!({ "first": 1 })).await;
    assert_eq!(newest.at("/flows/nodes/0/name"), "echo");
    let found = ada.send(walk, json!({ "filter": { "search": "LPH" } })).await;
    assert_eq!(found.at("/flows/nodes"), &json!([{ "name": "Alpha" }]));
    let using = ada.send(walk, json!({ "filter": { "integration": "webhook", "status": "DRAFT" } })).await;
    assert_eq!(using.at("/flows/totalCount"), 5);

    for (variables, field) in [
        (json!({ "first": 101 }), "first"),
        (json!({ "first": -1 }), "first"),
        (json!({ "first": 1, "last": 1 }), "last"),
        (json!({ "after": "rubbish" }), "after"),
    ] {
        assert_eq!(ada.refused(walk, variables, "BAD_USER_INPUT").await.fields(), [field]);
    }
    world.end().await;
}

#[tokio::test]
async fn pausing_disables_the_webhook_and_deleting_removes_all_data() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (id, hook) = ada.published_flow(steps([hook()])).await;
    let accepted = ada.http().post(&hook).json(&json!({ "n": 1 })).send().await.unwrap();
    assert_eq!(accepted.status(), 202);
    let execution: Value = accepted.json().await.unwrap();
    let execution = execution["executionId"].as_str().unwrap();
    assert_eq!(ada.finished(execution).await.at("/execution/status"), "SUCCEEDED");

    let pause = "mutation($id: ID!) { pauseFlow(input: { flowId: $id }) { flow { status } } }";
    let paused = ada.send(pause, json!({ "id": id })).await;
    assert_eq!(paused.at("/pauseFlow/flow/status"), "PAUSED");
    assert_eq!(ada.http().post(&hook).json(&json!({})).send().await.unwrap().status(), 409);

    let delete = "mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletedId } }";
    ada.send(delete, json!({ "id": id })).await;
    ada.refused(delete, json!({ "id": id }), "NOT_FOUND").await;
    assert_eq!(ada.http().post(&hook).json(&json!({})).send().await.unwrap().status(), 404);
    let gone = "query($id: ID!) { execution(id: $id) { id } }";
    ada.refused(gone, json!({ "id": execution }), "NOT_FOUND").await;
    world.end().await;
}
