//! Threads: the tree of messages, the active branch, and access.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Client, Reply, Sent, World};

const CREATE: &str = "mutation($input: CreateThreadInput!) { createThread(input: $input) { thread {
    id title model archived activeGeneration { id } messages { totalCount } } } }";
const UPDATE: &str = "mutation($input: UpdateThreadInput!) { updateThread(input: $input) { thread {
    id title archived } } }";
const CANCEL: &str = "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation {
    id status } } }";
const BRANCH: &str = "query($id: ID!) { thread(id: $id) { messages { nodes { id role } } } }";

/// The message of the first error.
fn said(reply: &Reply) -> String {
    reply.0["errors"][0]["message"].to_string()
}

async fn branch(client: &Client, thread: &str) -> Vec<String> {
    let reply = client.send(BRANCH, json!({ "id": thread })).await;
    let nodes = reply.at("/thread/messages/nodes").as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

async fn answered(client: &Client, sent: Sent) -> Sent {
    assert_eq!(client.answered(&sent.generation).await.at("/generation/status"), "COMPLETED");
    sent
}

#[tokio::test]
async fn threads_are_created_listed_renamed_and_archived() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let mut made = Vec::new();
    for title in ["Groceries", "Garden (back)", "Taxes"] {
        let input = json!({ "title": title, "model": "demo/echo", "clientId": title });
        let reply = ada.send(CREATE, json!({ "input": input })).await;
        assert_eq!(reply.at("/createThread/thread/title"), title);
        assert_eq!(reply.at("/createThread/thread/model"), "demo/echo");
        assert_eq!(reply.at("/createThread/thread/messages/totalCount"), 0);
        let again = ada.send(CREATE, json!({ "input": input })).await;
        assert_eq!(again.0, reply.0, "the same clientId makes nothing new");
        made.push(reply.text("/createThread/thread/id"));
    }
    let list =
        "query($f: ThreadFilter, $first: Int, $after: String, $last: Int, $before: String, $o: ThreadOrder) {
        threads(filter: $f, first: $first, after: $after, last: $last, before: $before, orderBy: $o) {
            totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let ids = |reply: &Reply| -> Vec<String> {
        let nodes = reply.at("/threads/nodes").as_array().unwrap();
        nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
    };
    let newest: Vec<String> = made.iter().rev().cloned().collect();
    let first = ada.send(list, json!({ "first": 2 })).await;
    assert_eq!((ids(&first), first.at("/threads/totalCount")), (newest[..2].to_vec(), &json!(3)));
    assert_eq!(first.at("/threads/pageInfo/hasNextPage"), true);
    let after = first.at("/threads/pageInfo/endCursor");
    let rest = ada.send(list, json!({ "first": 2, "after": after })).await;
    assert_eq!(ids(&rest), newest[2..]);
    assert_eq!(rest.at("/threads/pageInfo/hasNextPage"), false);
    let before = rest.at("/threads/pageInfo/startCursor");
    assert_eq!(ids(&ada.send(list, json!({ "last": 1, "before": before })).await), newest[1..2]);
    let oldest = json!({ "o": { "field": "CREATED_AT", "direction": "ASC" } });
    assert_eq!(ids(&ada.send(list, oldest).await), made);
    let found = ada.send(list, json!({ "f": { "search": "garden (" } })).await;
    assert_eq!(ids(&found), made[1..2], "the text as it is, whatever its case");

    let renamed = ada.send(UPDATE, json!({ "input": { "threadId": made[0], "title": " Food " } })).await;
    assert_eq!(renamed.at("/updateThread/thread/title"), "Food");
    ada.send(UPDATE, json!({ "input": { "threadId": made[2], "archived": true } })).await;
    assert_eq!(ids(&ada.send(list, json!({})).await), [made[1].clone(), made[0].clone()]);
    assert_eq!(ids(&ada.send(list, json!({ "f": { "archived": true } })).await), made[2..]);
    for title in ["", "  ", &"x".repeat(201)] {
        let input = json!({ "input": { "threadId": made[0], "title": title } });
        assert_eq!(ada.refused(UPDATE, input, "BAD_USER_INPUT").await.fields(), ["title"]);
        let input = json!({ "input": { "title": title } });
        assert_eq!(ada.refused(CREATE, input, "BAD_USER_INPUT").await.fields(), ["title"]);
    }
    world.end().await;
}

#[tokio::test]
async fn the_first_message_creates_a_thread_with_a_title_a_response_and_an_owner() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = answered(&ada, ada.say("What are finite differences?").await).await;
    let query = "query($id: ID!) { viewer { user { id } } thread(id: $id) { title model
        owner { id name email } activeGeneration { id } usage { calls outputTokens } lastMessageAt
        messages { totalCount nodes { id role status text author { id } parent { id } generation { id }
            thread { id } usage { inputTokens outputTokens } } } } }";
    let thread = ada.send(query, json!({ "id": sent.thread })).await;
    assert_eq!(thread.at("/thread/title"), "What are finite differences?");
    assert_eq!(thread.at("/thread/owner/email"), &json!(ada.email));
    assert_eq!(thread.at("/thread/owner/id"), thread.at("/viewer/user/id"));
    assert!(
        thread.at("/thread/activeGeneration").is_null() && thread.at("/thread/lastMessageAt").is_string()
    );
    let (question, answer) = (thread.at("/thread/messages/nodes/0"), thread.at("/thread/messages/nodes/1"));
    assert_eq!(thread.at("/thread/messages/totalCount"), 2);
    assert_eq!((&question["id"], &question["role"]), (&json!(sent.question), &json!("USER")));
    assert_eq!(
        (&question["text"], &question["parent"]),
        (&json!("What are finite differences?"), &Value::Null)
    );
    assert_eq!(&question["author"]["id"], thread.at("/viewer/user/id"));
    assert_eq!((&answer["id"], &answer["role"]), (&json!(sent.answer), &json!("ASSISTANT")));
    assert_eq!((&answer["status"], &answer["parent"]["id"]), (&json!("COMPLETED"), &json!(sent.question)));
    assert_eq!(
        (&answer["generation"]["id"], &answer["thread"]["id"]),
        (&json!(sent.generation), &json!(sent.thread))
    );
    assert!(answer["text"].as_str().unwrap().contains("You wrote: What are finite differences?"));
    assert_eq!((thread.at("/thread/usage/calls"), &answer["usage"]["inputTokens"]), (&json!(1), &json!(4)));
    assert_eq!(thread.at("/thread/usage/outputTokens"), &answer["usage"]["outputTokens"]);
    for (id, kind) in [(&sent.thread, "Thread"), (&sent.answer, "Message"), (&sent.generation, "Generation")]
    {
        let node = ada.send("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id })).await;
        assert_eq!(node.at("/node"), &json!({ "__typename": kind, "id": id }));
    }
    world.end().await;
}

#[tokio::test]
async fn concurrent_calls_with_one_client_id_send_one_message() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let call = || ada.turn("sendMessage", json!({ "text": "Once", "clientId": "once" }));
    let sent = futures::future::join_all((0..8).map(|_| call())).await;
    let different: HashSet<_> =
        sent.iter().map(|sent| (&sent.thread, &sent.question, &sent.answer, &sent.generation)).collect();
    assert_eq!(different.len(), 1, "{different:#?}");
    let sent = answered(&ada, sent[0].clone()).await;
    assert_eq!(call().await, sent, "also when it was answered long ago");
    assert_eq!(branch(&ada, &sent.thread).await, [sent.question.clone(), sent.answer.clone()]);
    let edit = json!({ "messageId": sent.question, "text": "Twice", "clientId": "twice" });
    let edited = ada.turn("editMessage", edit.clone()).await;
    assert_eq!(ada.turn("editMessage", edit).await, edited);
    answered(&ada, edited).await;
    assert_eq!(ada.send("{ threads { totalCount } }", json!({})).await.at("/threads/totalCount"), 1);
    world.end().await;
}

#[tokio::test]
async fn a_thread_with_a_generation_in_progress_refuses_messages() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let first = ada.say("5000 words rate:50").await;
    let inputs = [
        ("sendMessage", json!({ "threadId": first.thread, "text": "And?" })),
        ("regenerateMessage", json!({ "messageId": first.answer })),
        ("editMessage", json!({ "messageId": first.question, "text": "And?" })),
    ];
    for (mutation, input) in &inputs {
        let busy = ada.turn_refused(mutation, input.clone(), "CONFLICT").await;
        assert_eq!(busy.0["errors"][0]["extensions"]["activeGenerationId"], first.generation, "{mutation}");
    }
    let active = "query($id: ID!) { thread(id: $id) { activeGeneration { id } messages { totalCount } } }";
    let thread = ada.send(active, json!({ "id": first.thread })).await;
    assert_eq!(thread.at("/thread/activeGeneration/id"), first.generation.as_str());
    assert_eq!(thread.at("/thread/messages/totalCount"), 2, "what was refused left nothing behind");
    ada.send(CANCEL, json!({ "id": first.generation })).await;
    ada.answered(&first.generation).await;
    // Of many concurrent calls, one is accepted.
    let sends = (0..6).map(|n| {
        let document = "mutation($t: ID!, $x: String!) { sendMessage(input: { threadId: $t, text: $x }) { generation { id } } }";
        ada.ask(document, json!({ "t": first.thread, "x": format!("{n}: 500 words rate:50") }))
    });
    let replies = futures::future::join_all(sends).await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.0.get("errors").is_none());
    assert_eq!(taken.len(), 1, "{replies:#?}");
    assert!(refused.iter().all(|reply| reply.code() == "CONFLICT"), "{refused:#?}");
    let generation = taken[0].text("/sendMessage/generation/id");
    ada.send(CANCEL, json!({ "id": generation })).await;
    ada.answered(&generation).await;
    world.end().await;
}

#[tokio::test]
async fn problems_of_a_message_have_the_paths_of_their_fields() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let wrong = [
        (json!({}), vec!["text"]),
        (json!({ "text": " \n" }), vec!["text"]),
        (json!({ "text": "x".repeat(200_001) }), vec!["text"]),
        (json!({ "text": "x", "clientId": "" }), vec!["clientId"]),
        (
            json!({ "text": "x", "parts": [{ "file": { "name": "", "mediaType": "text/plain", "url": "" } }] }),
            vec!["parts.0.file.name", "parts.0.file.url"],
        ),
        (
            json!({ "model": "nobody/x", "parameters": { "temperature": 9.0, "topP": -1.0 } }),
            vec!["text", "model", "parameters.temperature", "parameters.topP"],
        ),
        (
            json!({ "text": "x", "parameters": { "stop": [""], "maxOutputTokens": 0 } }),
            vec!["parameters.maxOutputTokens", "parameters.stop"],
        ),
        (json!({ "text": "x", "parentId": "msg_01h2xcejqtf2nbrexx3vqjhp41" }), vec!["parentId"]),
    ];
    for (input, fields) in wrong {
        let refused = ada.turn_refused("sendMessage", input, "BAD_USER_INPUT").await;
        assert_eq!(refused.fields(), fields, "{:#}", refused.0);
    }
    let unknown =
        ada.turn_refused("sendMessage", json!({ "text": "x", "model": "nobody/x" }), "BAD_USER_INPUT").await;
    let message = unknown.0["errors"][0]["extensions"]["fields"][0]["message"].as_str().unwrap();
    assert!(message.contains("nobody/x") && message.contains("demo/echo"), "{message}");
    let nowhere = json!({ "text": "x", "threadId": "thread_01h2xcejqtf2nbrexx3vqjhp41" });
    assert!(said(&ada.turn_refused("sendMessage", nowhere, "NOT_FOUND").await).contains("thread"));
    let sent = answered(&ada, ada.say("Hello").await).await;
    let not_mine = json!({ "messageId": sent.answer, "text": "x" });
    assert_eq!(ada.turn_refused("editMessage", not_mine, "BAD_USER_INPUT").await.fields(), ["messageId"]);
    let other = answered(&ada, ada.say("Elsewhere").await).await;
    let astray = json!({ "text": "x", "threadId": sent.thread, "parentId": other.answer });
    ada.turn_refused("sendMessage", astray, "NOT_FOUND").await;
    world.end().await;
}
