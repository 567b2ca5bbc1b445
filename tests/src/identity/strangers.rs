//! Somebody of another organization finds nothing of a conversation, wherever an id is taken.

use serde_json::json;

use crate::harness::{GENERATION_EVENTS, World};

#[tokio::test]
async fn another_organizations_conversations_are_not_found() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let sent = ada.say("Secret: 5000 words rate:50").await;
    for id in [&sent.thread, &sent.question, &sent.answer, &sent.generation] {
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(ada.send(node, json!({ "id": id })).await.text("/node/id"), *id);
        eve.refused(node, json!({ "id": id }), "NOT_FOUND").await;
    }
    let every = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let ids = json!({ "ids": [&sent.thread, &sent.question, &sent.answer, &sent.generation] });
    let nothing = eve.send(every, ids).await;
    assert_eq!(nothing.at("/nodes"), &json!([null, null, null, null]));

    for (document, id, field) in [
        ("query($id: ID!) { thread(id: $id) { id } }", &sent.thread, "id"),
        ("query($id: ID!) { generation(id: $id) { id } }", &sent.generation, "id"),
        (
            "mutation($id: ID!) { updateThread(input: { threadId: $id, title: \"x\" }) { thread { id } } }",
            &sent.thread,
            "threadId",
        ),
        (
            "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }",
            &sent.generation,
            "generationId",
        ),
        (
            "mutation($id: ID!) { sendMessage(input: { threadId: $id, text: \"x\" }) { thread { id } } }",
            &sent.thread,
            "threadId",
        ),
        (
            "mutation($id: ID!) { regenerateMessage(input: { messageId: $id }) { thread { id } } }",
            &sent.answer,
            "messageId",
        ),
        (
            "mutation($id: ID!) { editMessage(input: { messageId: $id, text: \"x\" }) { thread { id } } }",
            &sent.question,
            "messageId",
        ),
    ] {
        eve.refused(document, json!({ "id": id }), "NOT_FOUND").await;
        // Another kind of id is a clear error.
        let wrong =
            eve.refused(document, json!({ "id": "org_01h2xcejqtf2nbrexx3vqjhp41" }), "BAD_USER_INPUT").await;
        assert_eq!(wrong.fields(), [field], "{document}");
    }
    let own = eve.say("Mine").await;
    eve.answered(&own.generation).await;
    let astray = json!({ "threadId": own.thread, "parentId": sent.answer, "text": "x" });
    eve.turn_refused("sendMessage", astray, "NOT_FOUND").await;

    let mut socket = eve.socket().await;
    socket.subscribe("1", GENERATION_EVENTS, json!({ "id": sent.generation })).await;
    assert_eq!(socket.refusal().await, "NOT_FOUND");
    let listed = eve.send("{ threads { totalCount nodes { id } } }", json!({})).await;
    assert_eq!(listed.at("/threads"), &json!({ "totalCount": 1, "nodes": [{ "id": own.thread }] }));

    // None of it has touched the answer.
    let state = "query($id: ID!) { generation(id: $id) { status } }";
    let status = ada.send(state, json!({ "id": sent.generation })).await.text("/generation/status");
    assert!(["QUEUED", "STREAMING"].contains(&status.as_str()), "{status}");
    let cancel =
        "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }";
    ada.send(cancel, json!({ "id": sent.generation })).await;
    assert_eq!(ada.answered(&sent.generation).await.at("/generation/status"), "ABORTED");
    world.end().await;
}
