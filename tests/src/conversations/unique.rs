//! The unique rules of MongoDB hold from the first write.

use futures::future::join_all;
use mongodb::bson::doc;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{World, engines};

/// Accepts the connections of `listener` and forwards them to `target`.
async fn forward(listener: TcpListener, target: String) {
    while let Ok((mut client, _)) = listener.accept().await {
        let target = target.clone();
        tokio::spawn(async move {
            let mut server = TcpStream::connect(target).await?;
            tokio::io::copy_bidirectional(&mut client, &mut server).await
        });
    }
}

#[tokio::test]
async fn inserts_wait_for_the_unique_indexes_if_mongodb_was_away_at_the_start() {
    let real = engines().await.mongo_url.clone();
    // Connections are not accepted yet, so no request is answered.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let host = real.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("a host").to_owned();
    let url = format!("{}&serverSelectionTimeoutMS=500", real.replace(&host, &address.to_string()));
    let world = World::start_with(&|config| config.mongo.url = Some(url.clone().into())).await;
    let ada = world.newcomer().await;
    let create = "mutation($input: CreatePresetInput!) { createPreset(input: $input) { preset { id } } }";
    let input = json!({ "input": { "name": "Terse", "clientId": "7b1f0a52-8f4e-4d0c-9d1e-0c5c3f0a9b11" } });
    ada.refused(create, input.clone(), "UNAVAILABLE").await;

    let forwarded = tokio::spawn(forward(listener, host));
    let calls = (0..30).map(|_| ada.send(create, input.clone()));
    let created: Vec<_> =
        join_all(calls).await.iter().map(|reply| reply.text("/createPreset/preset/id")).collect();
    assert!(created.iter().all(|id| *id == created[0]), "one key creates one preset: {created:?}");
    let stored = mongodb::Client::with_uri_str(&real).await.expect("MongoDB answers");
    let presets =
        stored.database(&world.config.mongo.database).collection::<mongodb::bson::Document>("presets");
    assert_eq!(presets.count_documents(doc! {}).await.expect("MongoDB answers"), 1);
    world.end().await;
    forwarded.abort();
}
