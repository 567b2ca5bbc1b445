//! Deleting threads.

use mongodb::bson::{Document, doc};
use serde_json::json;

use crate::harness::{Client, Follower, Reply, Sent, World};

const DELETE: &str = "mutation($id: ID!) { deleteThread(input: { threadId: $id }) { deletedId
    deletion { id deletedId status } } }";
const DELETION: &str = "query($id: ID!) { node(id: $id) { ... on Deletion { status total removed } } }";

/// Deletes a thread. Returns the id of the deletion.
async fn deleted(client: &Client, thread: &str) -> String {
    let reply = client.send(DELETE, json!({ "id": thread })).await;
    assert_eq!(reply.at("/deleteThread/deletedId"), thread);
    assert_eq!(reply.at("/deleteThread/deletion/deletedId"), thread);
    reply.text("/deleteThread/deletion/id")
}

/// Waits until everything is removed.
async fn removed(client: &Client, deletion: &str) -> Reply {
    let done = |reply: &Reply| reply.at("/node/status") == "COMPLETED";
    client.until(DELETION, json!({ "id": deletion }), done).await
}

/// Checks that nothing of a thread is found.
async fn is_gone(client: &Client, sent: &Sent) {
    let ids = json!({ "ids": [sent.thread, sent.question, sent.answer, sent.generation] });
    let found = client.send("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids).await;
    assert_eq!(found.at("/nodes"), &json!([null, null, null, null]));
    let message = json!({ "threadId": sent.thread, "text": "Still there?" });
    client.turn_refused("sendMessage", message, "NOT_FOUND").await;
    client.refused(DELETE, json!({ "id": sent.thread }), "NOT_FOUND").await;
}

async fn stored(world: &World, collection: &str) -> u64 {
    let client = mongodb::Client::with_uri_str(world.mongo_url()).await.unwrap();
    let database = client.database(&world.config.mongo.database);
    database.collection::<Document>(collection).count_documents(doc! {}).await.unwrap()
}

#[tokio::test]
async fn a_deleted_thread_is_gone_with_its_messages_and_a_response_in_progress() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let first = ada.say("Hello").await;
    ada.answered(&first.generation).await;
    let second = ada.say_in(&first.thread, "5000 words rate:50").await;
    let mut follower = Follower::default();
    let mut socket = ada.watch(&second.generation, None).await;
    follower.follow_until(5, &mut socket).await;
    let other = ada.say("Another thread").await;
    ada.answered(&other.generation).await;
    // Nobody else can delete it.
    let eve = world.newcomer().await;
    eve.refused(DELETE, json!({ "id": first.thread }), "NOT_FOUND").await;

    let deletion = deleted(&ada, &first.thread).await;
    let threads = ada.send("{ threads { totalCount nodes { id } } }", json!({})).await;
    assert_eq!(threads.at("/threads"), &json!({ "totalCount": 1, "nodes": [{ "id": other.thread }] }));
    follower.follow(&mut socket).await;
    assert_eq!(follower.end(), "GenerationAborted", "{:?}", follower.kinds());
    let done = removed(&ada, &deletion).await;
    assert_eq!((done.at("/node/total"), done.at("/node/removed")), (&json!(4), &json!(4)));
    is_gone(&ada, &first).await;
    is_gone(&ada, &second).await;
    assert_eq!((stored(&world, "chat_messages").await, stored(&world, "generations").await), (2, 1));
    // What was paid for is still counted.
    assert!(stored(&world, "usage_events").await >= 2);
    let text = ada.message(&other.answer).await.text("/node/text");
    assert!(!text.is_empty(), "another thread is as it was");
    world.end().await;
}

#[tokio::test]
async fn a_long_thread_is_removed_in_batches_and_after_a_crash() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let sent = ada.say("Hello").await;
    ada.answered(&sent.generation).await;
    let client = mongodb::Client::with_uri_str(world.mongo_url()).await.unwrap();
    let messages = client.database(&world.config.mongo.database).collection::<Document>("chat_messages");
    let template = messages.find_one(doc! { "role": "ASSISTANT" }).await.unwrap().unwrap();
    let copies = (0..3_000).map(|number| {
        let id = mongodb::bson::Uuid::new();
        let mut copy = template.clone();
        copy.extend(doc! { "_id": id, "parentId": id, "sibling": number });
        copy.remove("generationId");
        copy
    });
    messages.insert_many(copies).await.unwrap();
    let deletion = deleted(&ada, &sent.thread).await;
    is_gone(&ada, &sent).await;
    let done = removed(&ada, &deletion).await;
    assert_eq!((done.at("/node/total"), done.at("/node/removed")), (&json!(3_002), &json!(3_002)));
    assert_eq!(stored(&world, "chat_messages").await, 0);

    // What a process leaves that is killed after it has accepted a deletion.
    let sent = ada.say("Hello again").await;
    ada.answered(&sent.generation).await;
    let id = client.database(&world.config.mongo.database).collection::<Document>("threads");
    let id = id.find_one(doc! {}).await.unwrap().unwrap();
    let mongodb::bson::Bson::Binary(id) = &id["_id"] else { panic!("a UUID: {id}") };
    let id = id.to_uuid().unwrap();
    world
        .execute(&format!(
            "INSERT INTO deletions (id, organization_id, requested_by, subject, subject_id, created_at)
             SELECT gen_random_uuid(), organization_id, user_id, 'THREAD', '{id}', now() FROM memberships"
        ))
        .await;
    let list = "{ deletions(status: RUNNING) { totalCount } }";
    ada.until(list, json!({}), |reply| reply.at("/deletions/totalCount") == 0).await;
    is_gone(&ada, &sent).await;
    world.end().await;
}
