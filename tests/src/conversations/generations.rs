//! Streamed responses: followed live and from any cursor, across lost connections and streams, to one terminal event.

use serde_json::{Value, json};

use crate::harness::{Client, Follower, StoredStream, World};

const CANCEL: &str =
    "mutation($id: ID!) { cancelGeneration(input: { generationId: $id }) { generation { id } } }";

/// Follows a response to its end, and checks that the stored response is the same at that time.
async fn followed(client: &Client, follower: &mut Follower, generation: &str, message: &str) {
    let mut socket = client.watch(generation, follower.cursor().as_deref()).await;
    while let Some(event) = socket.event().await {
        follower.take(&event);
        if follower.terminal.is_some() {
            let stored = client.message(message).await;
            assert_eq!(stored.at("/node/text"), &json!(follower.text()));
            assert_ne!(stored.at("/node/status"), "PENDING");
        }
    }
    assert!(follower.terminal.is_some(), "it completed without an end");
}

#[tokio::test]
async fn a_response_is_stored_before_its_single_terminal_event() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("Grüße, 世界 👋🏽: 80 words rate:100").await;
    let mut follower = Follower::default();
    followed(&ada, &mut follower, &sent.generation, &sent.answer).await;
    assert_eq!(follower.end(), "GenerationCompleted");
    assert_eq!(follower.snapshots + follower.restarts, 0);
    assert_eq!(follower.kinds()[..2], ["GenerationStarted", "PartStarted"]);
    let deltas = follower.kinds().iter().filter(|kind| **kind == "TextDelta").count();
    assert!(deltas > 10, "it was told in {deltas} pieces");
    assert_eq!(follower.text().split_whitespace().count(), 80);
    for envelope in &follower.events {
        assert_eq!(
            (&envelope["generationId"], &envelope["messageId"]),
            (&json!(sent.generation), &json!(sent.answer))
        );
    }
    let end = follower.terminal.as_ref().unwrap();
    assert_eq!((&end["messageId"], &end["finishReason"]), (&json!(sent.answer), &json!("stop")));
    let stored = ada.answered(&sent.generation).await;
    assert_eq!(stored.at("/generation/status"), "COMPLETED");
    assert_eq!(stored.at("/generation/usage/outputTokens"), &end["usage"]["outputTokens"]);
    assert_eq!(stored.at("/generation/usage/outputTokens"), 80);
    assert!(stored.at("/generation/timeToFirstTokenMs").as_i64() >= Some(0));
    world.end().await;
}

#[tokio::test]
async fn the_events_after_every_cursor_are_complete() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("think, calculate 2+3, cite. 60 words rate:400").await;
    let mut whole = Follower::default();
    followed(&ada, &mut whole, &sent.generation, &sent.answer).await;
    for (n, envelope) in whole.events.iter().enumerate() {
        let mut socket = ada.watch(&sent.generation, envelope["cursor"].as_str()).await;
        let rest: Vec<Value> =
            socket.events().await.iter().map(|data| data["generationEvents"].clone()).collect();
        assert_eq!(rest, whole.events[n + 1..], "from {}", envelope["cursor"]);
    }
    for cursor in ["", "x", "1-9999", "2-1", "-1-1", "1-1; DROP"] {
        let mut socket = ada.watch(&sent.generation, Some(cursor)).await;
        assert_eq!(socket.refusal().await, "BAD_USER_INPUT", "{cursor}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_reconnected_client_continues_from_its_cursor_and_two_clients_receive_the_same() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("150 words rate:150").await;
    let mut cut = Follower::default();
    let mut socket = ada.watch(&sent.generation, None).await;
    cut.follow_until(8, &mut socket).await;
    socket.cut();
    let mut tab = Follower::default();
    let mut other = Follower::default();
    tokio::join!(
        followed(&ada, &mut cut, &sent.generation, &sent.answer),
        followed(&ada, &mut tab, &sent.generation, &sent.answer),
        followed(&ada, &mut other, &sent.generation, &sent.answer),
    );
    assert_eq!(cut.events, tab.events, "nothing is missing and nothing comes twice");
    assert_eq!(tab.events, other.events);
    assert_eq!((cut.end(), cut.snapshots), ("GenerationCompleted", 0));
    world.end().await;
}

#[tokio::test]
async fn a_cancelled_response_keeps_the_received_part() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("5000 words rate:100").await;
    let mut follower = Follower::default();
    let mut socket = ada.watch(&sent.generation, None).await;
    follower.follow_until(12, &mut socket).await;
    // From another connection.
    ada.clone().send(CANCEL, json!({ "id": sent.generation })).await;
    follower.follow(&mut socket).await;
    assert_eq!(follower.end(), "GenerationAborted");
    let stored = ada.message(&sent.answer).await;
    assert_eq!(stored.at("/node/status"), "ABORTED");
    assert_eq!(stored.text("/node/text"), follower.text());
    let words = follower.text().split_whitespace().count();
    assert!((5..5000).contains(&words), "{words}");
    assert_eq!(ada.answered(&sent.generation).await.at("/generation/status"), "ABORTED");
    // A completed generation does not change, and the thread accepts messages again.
    ada.send(CANCEL, json!({ "id": sent.generation })).await;
    let next = ada.say_in(&sent.thread, "Go on").await;
    assert_eq!(ada.answered(&next.generation).await.at("/generation/status"), "COMPLETED");
    ada.send(CANCEL, json!({ "id": next.generation })).await;
    assert_eq!(ada.answered(&next.generation).await.at("/generation/status"), "COMPLETED");
    world.end().await;
}

#[tokio::test]
async fn a_failed_response_keeps_the_received_part_and_has_the_reason() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("100 words fail:7").await;
    let mut follower = Follower::default();
    followed(&ada, &mut follower, &sent.generation, &sent.answer).await;
    assert_eq!(follower.first("GenerationFailed")["error"]["code"], "UPSTREAM_FAILED");
    assert_eq!(follower.text().split_whitespace().count(), 7);
    let stored = ada.answered(&sent.generation).await;
    assert_eq!(stored.at("/generation/error/code"), "UPSTREAM_FAILED");
    assert_eq!(stored.at("/generation/message/status"), "FAILED");
    let again = ada.turn("regenerateMessage", json!({ "messageId": sent.answer })).await;
    assert_eq!(ada.answered(&again.generation).await.at("/generation/status"), "FAILED");
    world.end().await;
}

#[tokio::test]
async fn reasoning_tool_calls_and_citations_are_produced_on_request() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("Think, then calculate 12 * 3 and cite a source.").await;
    let mut follower = Follower::default();
    followed(&ada, &mut follower, &sent.generation, &sent.answer).await;
    assert!(follower.grown("REASONING").contains("I am a demo"));
    assert_eq!(follower.grown("TOOL_CALL"), r#"{"expression":"12*3"}"#);
    let call = follower.first("ToolCallReady");
    assert_eq!((&call["name"], &call["arguments"]), (&json!("calculator"), &json!({ "expression": "12*3" })));
    let result = follower.first("ToolResultReady");
    assert_eq!((&result["callId"], &result["result"]), (&call["callId"], &json!({ "value": 36 })));
    assert_eq!(follower.first("CitationAdded")["url"], "https://example.com/demo-source");
    let message = ada.message(&sent.answer).await;
    let kinds: Vec<_> =
        message.at("/node/parts").as_array().unwrap().iter().map(|part| &part["__typename"]).collect();
    assert_eq!(kinds, ["ReasoningPart", "ToolCallPart", "ToolResultPart", "CitationPart", "TextPart"]);
    assert_eq!(message.at("/node/parts/0/text"), &json!(follower.grown("REASONING")));
    assert_eq!(message.at("/node/parts/1/arguments"), &json!({ "expression": "12*3" }));
    assert_eq!(message.at("/node/parts/2/result"), &json!({ "value": 36 }));
    let plain = ada.say_in(&sent.thread, "Hello").await;
    ada.answered(&plain.generation).await;
    let message = ada.message(&plain.answer).await;
    assert_eq!(message.at("/node/parts").as_array().unwrap().len(), 1, "{:#}", message.0);
    world.end().await;
}

/// Signs in again, as Redis has lost the session.
async fn signed_in_again(world: &World, client: &Client) -> Client {
    let sign_in =
        "mutation($e: String!) { signIn(input: { email: $e, password: \"correct horse\" }) { token } }";
    let reply = world.anonymous().send(sign_in, json!({ "e": client.email })).await;
    client.with_token(&reply.text("/signIn/token"))
}

#[tokio::test]
async fn a_completed_response_is_sent_as_a_snapshot_after_redis_was_emptied() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("think. 40 words rate:200").await;
    let mut told = Follower::default();
    followed(&ada, &mut told, &sent.generation, &sent.answer).await;
    world.flush_redis().await;
    let ada = signed_in_again(&world, &ada).await;
    for cursor in [None, told.events[4]["cursor"].as_str()] {
        let mut late = Follower::default();
        late.follow(&mut ada.watch(&sent.generation, cursor).await).await;
        assert_eq!(late.kinds(), ["GenerationSnapshot", "GenerationCompleted"]);
        assert_eq!((late.text(), late.grown("REASONING")), (told.text(), told.grown("REASONING")));
        assert_eq!(late.cursor(), told.cursor());
    }
    let mut nothing = Follower::default();
    nothing.follow(&mut ada.watch(&sent.generation, told.cursor().as_deref()).await).await;
    assert!(nothing.events.is_empty(), "{:?}", nothing.kinds());
    world.end().await;
}

#[tokio::test]
async fn a_response_continues_when_redis_is_emptied() {
    let world = World::start_with(&|config| config.demo.tokens_per_second = 150).await;
    let ada = world.newcomer().await;
    let sent = ada.say("400 words").await;
    let (mut early, mut late) = (Follower::default(), Follower::default());
    let mut socket = ada.watch(&sent.generation, None).await;
    early.follow_until(10, &mut socket).await;
    world.flush_redis().await;
    socket.cut();
    let ada = signed_in_again(&world, &ada).await;
    // One that continues from its cursor, one without a cursor.
    tokio::join!(
        followed(&ada, &mut early, &sent.generation, &sent.answer),
        followed(&ada, &mut late, &sent.generation, &sent.answer),
    );
    assert_eq!((early.end(), late.end()), ("GenerationCompleted", "GenerationCompleted"));
    assert!(early.snapshots + early.restarts > 0, "what was lost is stood for");
    assert_eq!(late.text().split_whitespace().count(), 400);
    let usage = "query($id: ID!) { thread(id: $id) { usage { calls } messages { totalCount } } }";
    let thread = ada.send(usage, json!({ "id": sent.thread })).await;
    assert_eq!(thread.at("/thread"), &json!({ "usage": { "calls": 1 }, "messages": { "totalCount": 2 } }));
    world.end().await;
}

#[tokio::test]
async fn a_response_whose_stream_lost_its_end_continues_with_a_snapshot() {
    let world = World::start_with(&|config| config.demo.tokens_per_second = 150).await;
    let ada = world.newcomer().await;
    let sent = ada.say("400 words").await;
    let (mut live, mut returning, mut late) = (Follower::default(), Follower::default(), Follower::default());
    let mut socket = ada.watch(&sent.generation, None).await;
    live.follow_until(20, &mut socket).await;
    let mut cut = ada.watch(&sent.generation, None).await;
    returning.follow_until(15, &mut cut).await;
    cut.cut();
    // As if a replica took over that has not received the rest.
    StoredStream::of(&world, &sent.generation).await.keep(5).await;
    tokio::join!(
        live.follow(&mut socket),
        followed(&ada, &mut returning, &sent.generation, &sent.answer),
        followed(&ada, &mut late, &sent.generation, &sent.answer),
    );
    for follower in [&live, &returning, &late] {
        assert_eq!(follower.end(), "GenerationCompleted");
        assert_eq!(follower.text().split_whitespace().count(), 400);
    }
    assert!(late.snapshots > 0, "the stream has no events for what it lost");
    world.end().await;
}
