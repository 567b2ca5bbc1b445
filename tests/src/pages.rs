//! Reads every list of the schema in pages. The lists are read from the schema, so new ones are covered.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Client, Field, Schema, Type, World, get, hook, steps, text};

const ARGUMENTS: [&str; 4] = ["first", "after", "last", "before"];
/// More items than each list has here.
const ALL: usize = 100;

/// A list of a root or of a node.
struct List<'a> {
    owner: &'a Type,
    field: &'a Field,
    /// The node with the list; `None` for a list of the root.
    id: Option<String>,
}

/// A page: its items in a comparable form, and its `PageInfo`.
struct Page {
    items: Vec<String>,
    cursors: Vec<String>,
    info: Value,
    total: Value,
}

impl List<'_> {
    fn name(&self) -> String {
        format!("{}.{}", self.owner.name, self.field.name)
    }

    async fn page(&self, client: &Client, schema: &Schema, arguments: &str) -> Page {
        let connection = schema.get(&self.field.of.name);
        let node = connection.fields.iter().find(|field| field.name == "nodes").expect("`nodes`");
        // Objects without an id have a key.
        let item = if schema.get(&node.of.name).is_identified() { "id" } else { "key" };
        let list = format!(
            "{}({arguments}) {{ totalCount nodes {{ {item} }} edges {{ cursor node {{ {item} }} }}
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
            self.field.name
        );
        let query = match &self.id {
            None => format!("{{ {list} }}"),
            Some(id) => format!("{{ node(id: \"{id}\") {{ ... on {} {{ {list} }} }} }}", self.owner.name),
        };
        let reply = client.send(&query, json!({})).await;
        let data = if self.id.is_some() { reply.at("/node") } else { &reply.0["data"] };
        let page = &data[&self.field.name];
        let texts = |list: &Value, pointer: &str| -> Vec<String> {
            let items = list.as_array().expect("a list").iter();
            items
                .map(|item| item.pointer(pointer).and_then(Value::as_str).expect("text").to_owned())
                .collect()
        };
        let items = texts(&page["nodes"], &format!("/{item}"));
        assert_eq!(items, texts(&page["edges"], &format!("/node/{item}")), "{query}");
        let cursors = texts(&page["edges"], "/cursor");
        assert_eq!(page["pageInfo"]["startCursor"].as_str(), cursors.first().map(String::as_str), "{query}");
        assert_eq!(page["pageInfo"]["endCursor"].as_str(), cursors.last().map(String::as_str), "{query}");
        Page { items, cursors, info: page["pageInfo"].clone(), total: page["totalCount"].clone() }
    }

    /// Walks the list in pages of this size, and compares with the list in one page.
    async fn walk(&self, client: &Client, schema: &Schema, size: usize) {
        let name = self.name();
        let whole = self.page(client, schema, &format!("first: {ALL}")).await;
        assert_eq!(whole.total, whole.items.len(), "{name}");
        assert_eq!(whole.items.iter().collect::<BTreeSet<_>>().len(), whole.items.len(), "{name}: each once");
        assert_eq!(
            (&whole.info["hasNextPage"], &whole.info["hasPreviousPage"]),
            (&json!(false), &json!(false))
        );
        let (mut forward, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.page(client, schema, &format!("first: {size}{after}")).await;
            assert_eq!(page.total, whole.total, "{name}{after}");
            forward.extend(page.items);
            let more = forward.len() < whole.items.len();
            assert_eq!(page.info["hasNextPage"], more, "{name}{after}");
            if !more {
                break;
            }
            after =
                format!(", after: \"{}\"", page.cursors.last().expect("a page with a next one has items"));
        }
        assert_eq!(forward, whole.items, "{name} forward");
        let (mut backward, mut before) = (Vec::new(), String::new());
        loop {
            let page = self.page(client, schema, &format!("last: {size}{before}")).await;
            assert_eq!(page.total, whole.total, "{name}{before}");
            backward.splice(0..0, page.items);
            let more = backward.len() < whole.items.len();
            assert_eq!(page.info["hasPreviousPage"], more, "{name}{before}");
            if !more {
                break;
            }
            before = format!(", before: \"{}\"", page.cursors.first().expect("a page before has items"));
        }
        assert_eq!(backward, whole.items, "{name} backward");
        assert!(whole.items.len() > size, "{name} has one page only; let `fill` make more than {size} items");
    }
}

/// Creates at least two items of each list, and more where that is cheap.
async fn fill(world: &World, client: &Client, schema: &Schema) {
    let collections = schema.collections();
    let credential =
        "mutation($f: JSON!) { createCredential(input: { integration: \"http\", name: \"K\", fields: $f }) {
           credential { id } } }";
    let thread = "mutation { createThread(input: { title: \"T\" }) { thread { id } } }";
    let rename = "mutation($id: ID!, $s: [StepInput!]) {
        updateFlowDraft(input: { flowId: $id, steps: $s }) { flow { id } } }";
    let delete = "mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletedId } }";
    for _ in 0..3 {
        client.send(credential, json!({ "f": { "bearerToken": "x" } })).await;
        client.send(thread, json!({})).await;
        for collection in &collections {
            collection.add(client).await;
        }
        client.published_flow(steps([hook()])).await;
        let (old, _) = client.published_flow(steps([hook()])).await;
        client.send(delete, json!({ "id": old })).await;
    }
    let roles = client.send("{ roles { id name } }", json!({})).await;
    let role = roles.text("/roles/2/id");
    let invite = "mutation($email: String!, $role: ID!) {
        inviteMember(input: { email: $email, roleId: $role }) { token } }";
    for n in 0..3 {
        world.signed_in_again(client).await;
        world.member(client, "viewer", &[]).await;
        client.send(invite, json!({ "email": format!("guest{n}@example.org"), "role": role })).await;
    }
    let one_attempt = json!({ "maxAttempts": 1 });
    let fails = get("fails", "http://127.0.0.1:1/").retry(one_attempt);
    let (flow, _) = client.published_flow(steps([hook(), text("a", "x"), text("b", "x"), fails])).await;
    for _ in 0..3 {
        client.finished(&client.run_flow(&flow, json!({})).await).await;
    }
    client.send(rename, json!({ "id": flow, "s": steps([hook()]) })).await;
    let publish = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }";
    client.send(publish, json!({ "id": flow })).await;
    client.send(rename, json!({ "id": flow, "s": steps([hook(), text("a", "x")]) })).await;
    let mut sent = client.say("One").await;
    client.answered(&sent.generation).await;
    sent = client.say_in(&sent.thread, "Two").await;
    client.answered(&sent.generation).await;
    let logs = "INSERT INTO execution_logs
                  (id, organization_id, execution_id, execution_step_id, level, message, created_at)
                SELECT gen_random_uuid(), organization_id, execution_id, id, 'INFO', 'x', now()
                FROM execution_steps, generate_series(1, 5)";
    world.execute(logs).await;
}

/// The ids of the nodes of a type that the client can see.
async fn nodes(client: &Client, schema: &Schema, kind: &Type) -> Vec<String> {
    let lists = "{ flows(first: 100) { nodes { __typename id draft { __typename id } } }
        executions(first: 100) { nodes { __typename id steps { nodes { __typename id } } } }
        threads(first: 100) { nodes { __typename id messages { nodes { __typename id } } } }
        credentials(first: 100) { nodes { __typename id } } viewer { user { __typename id } } }";
    assert!(schema.get(&kind.name).is_node(), "{} has a list, but node(id) does not find it", kind.name);
    let reply = client.send(lists, json!({})).await;
    let mut replies = vec![reply.0];
    for collection in schema.collections() {
        let list = format!("{{ {}(first: 100) {{ nodes {{ __typename id }} }} }}", collection.many);
        replies.push(client.send(&list, json!({})).await.0);
    }
    let mut found = Vec::new();
    let mut open: Vec<&Value> = replies.iter().collect();
    while let Some(value) = open.pop() {
        if value["__typename"] == kind.name.as_str() {
            found.extend(value["id"].as_str().map(str::to_owned));
        }
        match value {
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(!found.is_empty(), "no {} is found; add a way to one to `nodes` in {}", kind.name, file!());
    found
}

#[tokio::test]
async fn every_list_has_the_same_items_in_pages_of_both_directions() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let schema = Schema::of(&ada).await;
    fill(&world, &ada, &schema).await;
    let mut walked = 0;
    for owner in schema.types().filter(|kind| kind.kind == "OBJECT") {
        for field in &owner.fields {
            if !schema.get(&field.of.name).is_connection() {
                continue;
            }
            let missing: Vec<_> = ARGUMENTS
                .into_iter()
                .filter(|name| !field.arguments.iter().any(|argument| argument.name == *name))
                .collect();
            assert!(missing.is_empty(), "{}.{} takes no {missing:?}", owner.name, field.name);
            let ids = if owner.name == "Query" {
                vec![None]
            } else {
                nodes(&ada, &schema, owner).await.into_iter().map(Some).collect()
            };
            // The longest of the lists has items for several pages.
            let mut longest = (0, None);
            for id in ids {
                let list = List { owner, field, id };
                let length = list.page(&ada, &schema, "first: 100").await.items.len();
                if length >= longest.0 {
                    longest = (length, Some(list));
                }
            }
            longest.1.expect("a list").walk(&ada, &schema, 2).await;
            walked += 1;
        }
    }
    assert!(walked >= 9, "the schema has lists: {walked}");
    world.end().await;
}
