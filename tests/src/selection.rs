//! A list reads the columns that its selection needs, and every field has the same value in any selection.

use serde_json::{Value, json};

use crate::harness::{Client, Counted, LocalServer, World, get, hook, steps, text};

/// A list, the path to its items in the answer, and a selection of each type of object in its items.
struct List {
    query: &'static str,
    items: &'static str,
    object: &'static str,
}

const LISTS: [List; 4] = [
    List { query: "{ flows(first: 2) { nodes { * } } }", items: "/flows/nodes", object: "Flow" },
    List {
        query: "{ flows(first: 2) { nodes { versions { edges { node { * } } } } } }",
        items: "/flows/nodes/0/versions/edges",
        object: "FlowVersion",
    },
    List {
        query: "{ executions(first: 2) { nodes { * } } }",
        items: "/executions/nodes",
        object: "Execution",
    },
    List {
        query: "{ executions(first: 2) { nodes { steps { nodes { * } } } } }",
        items: "/executions/nodes/0/steps/nodes",
        object: "ExecutionStep",
    },
];

/// The fields of a type, each with a selection of what it returns.
async fn fields(client: &Client, name: &str) -> Vec<String> {
    let query = "query($name: String!) { __type(name: $name) { fields { name type { ...T } } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    let reply = client.send(query, json!({ "name": name })).await;
    let fields = reply.at("/__type/fields").as_array().expect("fields").clone();
    fields
        .iter()
        .map(|field| {
            let mut ty = &field["type"];
            while !ty["ofType"].is_null() {
                ty = &ty["ofType"];
            }
            let name = field["name"].as_str().expect("a name");
            let type_name = ty["name"].as_str().expect("a name");
            match ty["kind"].as_str() {
                Some("OBJECT") if type_name.ends_with("Connection") => {
                    format!("{name} {{ totalCount nodes {{ id }} }}")
                }
                Some("OBJECT") if type_name == "UsageSummary" => format!("{name} {{ calls }}"),
                Some("OBJECT") if type_name == "ExecutionError" => format!("{name} {{ code message }}"),
                Some("OBJECT") if type_name == "Problem" => format!("{name} {{ path message }}"),
                Some("OBJECT") if type_name == "StepLink" => format!("{name} {{ kind }}"),
                Some("OBJECT") => format!("{name} {{ id }}"),
                _ => name.to_owned(),
            }
        })
        .collect()
}

async fn items(client: &Client, list: &List, selection: &str) -> Vec<Value> {
    let reply = client.send(&list.query.replace('*', selection), json!({})).await;
    let items = reply.at(list.items).as_array().expect("items").clone();
    items.into_iter().map(|item| item.get("node").cloned().unwrap_or(item)).collect()
}

/// A flow with a version that succeeds and one that fails.
async fn with_runs(world: &World, local: &LocalServer) -> Client {
    let client = world.newcomer().await;
    let fetch = get("fetch", &format!("{}/echo", local.url));
    let (flow, _) = client.published_flow(steps([hook(), fetch, text("last", "x")])).await;
    client.finished(&client.run_flow(&flow, json!({ "a": 1 })).await).await;
    let missing = get("fetch", &format!("{}/missing", local.url));
    let (flow, _) = client.published_flow(steps([hook(), missing])).await;
    client.finished(&client.run_flow(&flow, json!({ "a": 2 })).await).await;
    client
}

#[tokio::test]
async fn a_field_has_the_same_value_alone_and_among_all() {
    let world = World::start().await;
    let local = LocalServer::start().await;
    let client = with_runs(&world, &local).await;
    for list in &LISTS {
        let fields = fields(&client, list.object).await;
        assert!(fields.len() > 5, "{fields:?}");
        let all = items(&client, list, &fields.join(" ")).await;
        assert!(!all.is_empty());
        for field in &fields {
            let name = field.split(' ').next().expect("a name");
            let alone = items(&client, list, field).await;
            let values = |items: &[Value]| items.iter().map(|item| item[name].clone()).collect::<Vec<_>>();
            assert_eq!(values(&alone), values(&all), "{}.{field}", list.object);
        }
    }
    world.end().await;
}

#[tokio::test]
async fn fragments_select_columns_like_fields() {
    let world = World::start().await;
    let local = LocalServer::start().await;
    let client = with_runs(&world, &local).await;
    let plain = client.send("{ executions { nodes { id status createdAt } } }", json!({})).await;
    for query in [
        "{ executions { ... on ExecutionConnection { nodes { ...E } } } } fragment E on Execution { id status createdAt }",
        "{ executions { ...C } } fragment C on ExecutionConnection { nodes { ... on Node { id } ... { status createdAt } } }",
        "{ executions { edges { ... on ExecutionEdge { node { id ... on Execution { status createdAt } } } } } }",
    ] {
        let reply = client.send(query, json!({})).await;
        let nodes: Value = if let Some(nodes) = reply.at("/executions").get("nodes") {
            nodes.clone()
        } else {
            let edges = reply.at("/executions/edges").as_array().expect("edges");
            edges.iter().map(|edge| edge["node"].clone()).collect()
        };
        assert_eq!(&nodes, plain.at("/executions/nodes"), "{query}");
    }
    world.end().await;
}

#[tokio::test]
async fn columns_that_are_not_selected_are_not_read() {
    let world = World::start().await;
    let local = LocalServer::start().await;
    let client = with_runs(&world, &local).await;
    let counted = Counted::start(&world).await;
    let client = client.moved_to(&counted.url);
    let query = "{ executions { nodes { ...E steps { nodes { ... { status } } } } } } fragment E on Execution { status }";
    let asked = counted.during(client.send(query, json!({}))).await;
    let of = |table: &str| {
        let from = format!("FROM \"{table}\" WHERE");
        asked.postgres.iter().find(|sql| sql.contains(&from)).expect("a statement").clone()
    };
    let columns = |table: &str| {
        let sql = of(table);
        let selected =
            sql.strip_prefix("SELECT ").and_then(|sql| sql.split(" FROM").next()).expect("columns");
        selected.replace(&format!("\"{table}\"."), "").replace('"', "")
    };
    assert_eq!(columns("executions"), "id, status");
    assert_eq!(columns("execution_steps"), "id, execution_id, status");
    counted.end().await;
    world.end().await;
}
