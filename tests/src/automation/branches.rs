//! The tree of a thread: pages of the active branch, and other branches.

use serde_json::{Value, json};

use crate::harness::{Client, Sent, World};

async fn answered(client: &Client, sent: Sent) -> Sent {
    assert_eq!(client.answered(&sent.generation).await.at("/generation/status"), "COMPLETED");
    sent
}

const PAGE: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    thread(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

/// The ids of a page, whether there are items before and after it, and its first and last cursor.
async fn page(client: &Client, thread: &str, arguments: Value) -> (Vec<String>, [bool; 2], [Value; 2]) {
    let mut variables = arguments;
    variables["id"] = thread.into();
    let reply = client.send(PAGE, variables).await;
    let messages = reply.at("/thread/messages");
    let ids =
        messages["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned());
    let info = &messages["pageInfo"];
    let more = ["hasPreviousPage", "hasNextPage"].map(|field| info[field].as_bool().unwrap());
    (ids.collect(), more, ["startCursor", "endCursor"].map(|field| info[field].clone()))
}

#[tokio::test]
async fn the_active_branch_is_read_in_pages_from_both_ends() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let mut sent = answered(&ada, ada.say("One").await).await;
    let thread = sent.thread.clone();
    let mut all = vec![sent.question.clone(), sent.answer.clone()];
    for text in ["Two", "Three"] {
        sent = answered(&ada, ada.say_in(&thread, text).await).await;
        let parent = ada.message(&sent.question).await;
        assert_eq!(parent.at("/node/parent/id"), all.last().unwrap().as_str());
        all.extend([sent.question.clone(), sent.answer.clone()]);
    }
    let (ids, more, [_, end]) = page(&ada, &thread, json!({ "first": 4 })).await;
    assert_eq!((ids.as_slice(), more), (&all[..4], [false, true]));
    let (ids, more, [start, _]) = page(&ada, &thread, json!({ "first": 4, "after": end })).await;
    assert_eq!((ids.as_slice(), more), (&all[4..], [true, false]));
    let (ids, more, [start, _]) = page(&ada, &thread, json!({ "last": 3, "before": start })).await;
    assert_eq!((ids.as_slice(), more), (&all[1..4], [true, true]));
    let (ids, more, _) = page(&ada, &thread, json!({ "last": 3, "before": start })).await;
    assert_eq!((ids.as_slice(), more), (&all[..1], [false, true]));
    assert_eq!(page(&ada, &thread, json!({ "last": 2 })).await.0, all[4..]);
    for arguments in [json!({ "first": 101 }), json!({ "last": -1 }), json!({ "first": 1, "last": 1 })] {
        let mut variables = arguments;
        variables["id"] = thread.clone().into();
        ada.refused(PAGE, variables, "BAD_USER_INPUT").await;
    }
    world.end().await;
}

#[tokio::test]
async fn regenerated_responses_and_edited_messages_are_siblings() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let first = answered(&ada, ada.say("First").await).await;
    let second = answered(&ada, ada.say_in(&first.thread, "Second").await).await;
    let thread = &first.thread;
    let in_view = async || page(&ada, thread, json!({})).await.0;

    let again = ada.turn("regenerateMessage", json!({ "messageId": second.answer })).await;
    let again = answered(&ada, again).await;
    assert_eq!(again.question, second.question);
    let siblings = ada.message(&again.answer).await;
    assert_eq!(siblings.at("/node/siblings"), &json!([{ "id": second.answer }, { "id": again.answer }]));
    let common = [first.question.clone(), first.answer.clone()];
    let [one, two] = common.clone();
    assert_eq!(in_view().await, [one, two, second.question.clone(), again.answer.clone()]);

    // The id of the message has the same effect as the id of its response.
    let third = ada.turn("regenerateMessage", json!({ "messageId": second.question })).await;
    let third = answered(&ada, third).await;
    assert_eq!(ada.message(&third.answer).await.at("/node/siblings").as_array().unwrap().len(), 3);

    let edit = json!({ "messageId": second.question, "text": "In other words" });
    let edited = answered(&ada, ada.turn("editMessage", edit).await).await;
    let siblings = ada.message(&edited.question).await;
    assert_eq!(siblings.at("/node/siblings"), &json!([{ "id": second.question }, { "id": edited.question }]));
    assert_eq!(siblings.at("/node/parent/id"), first.answer.as_str());
    let [one, two] = common;
    assert_eq!(in_view().await, [one, two, edited.question.clone(), edited.answer.clone()]);
    assert!(ada.message(&edited.answer).await.text("/node/text").ends_with("You wrote: In other words"));
    assert!(
        ada.message(&second.answer).await.text("/node/text").ends_with("You wrote: Second"),
        "it is kept"
    );

    // The first message can be edited too, and an earlier branch can be continued.
    let edit = json!({ "messageId": first.question, "text": "From the start" });
    let restarted = answered(&ada, ada.turn("editMessage", edit).await).await;
    assert!(ada.message(&restarted.question).await.at("/node/parent").is_null());
    assert_eq!(in_view().await, [restarted.question, restarted.answer]);
    let back = json!({ "threadId": thread, "parentId": second.answer, "text": "Go on there" });
    let back = answered(&ada, ada.turn("sendMessage", back).await).await;
    let (ids, ..) = page(&ada, thread, json!({})).await;
    assert_eq!(
        ids,
        [first.question, first.answer, second.question, second.answer, back.question, back.answer]
    );
    let cursor = page(&ada, thread, json!({ "last": 1 })).await.2[0].clone();
    let edit = json!({ "messageId": ids[0], "text": "Away again" });
    answered(&ada, ada.turn("editMessage", edit).await).await;
    // A cursor of a branch that is no longer active.
    let stale =
        ada.refused(PAGE, json!({ "id": thread, "first": 1, "after": cursor }), "BAD_USER_INPUT").await;
    assert_eq!(stale.fields(), ["after"]);
    world.end().await;
}
