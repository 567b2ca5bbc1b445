//! From the append of a delta to its WebSocket frame, at 200 streams of 50 deltas a second. The floor is a bare
//! `XREAD` of the same streams in the same run.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mongodb::bson::{self, doc};
use redis::streams::{StreamReadOptions, StreamReadReply};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use triptych_server::services::{
    ids::{GenerationId, Id as _},
    live::{Position, Topic},
    uuid::Uuid,
};
use triptych_tests::harness::{Client, Socket, World};

use crate::{
    cpu::{self, Meter},
    program::Program,
    report::{Report, percentile},
    stage::Stage,
};

const STREAMS: usize = 200;
const PER_SECOND: u32 = 50;
const SECONDS: u32 = 10;
const QUERY: &str = "subscription($id: ID!) { generationEvents(generationId: $id) { seq cursor event {
    ... on TextDelta { partId offset text } } } }";

pub(crate) async fn measure(report: &mut Report) {
    // This process's server only appends, as a worker would; the readers are connected to one of its own.
    let world = World::start().await;
    let stage = Stage::of_world(&world);
    // All readers are one person, as one dashboard might be.
    let limit = ("LIMITS__CONNECTIONS_PER_USER", (2 * STREAMS).to_string());
    let triptych = Program::triptych("api", &stage, &[limit]).await;
    let client = Client::new(&triptych.url).signed_up().await;
    let ids = streaming_generations(&world, &client).await;
    let live = world.services().live.clone();
    let start = Instant::now();
    for id in &ids {
        append(&live, *id, 1, start, true).await;
    }

    let ready = Arc::new(Barrier::new(STREAMS + 1));
    let mut readers = Vec::new();
    for id in ids.clone() {
        let (client, ready) = (client.clone(), ready.clone());
        readers
            .push(tokio::spawn(async move { read_socket(client.socket().await, id, start, &ready).await }));
    }
    ready.wait().await;
    let pool = stage.pool(1).await;
    let meter = Meter::start(triptych.subject(), cpu::postmaster(&pool).await);
    let bare =
        tokio::spawn(read_bare(world.redis_url(), world.config.redis.prefix.clone(), ids.clone(), start));
    let writers = ids.iter().enumerate().map(|(number, id)| {
        let (live, id) = (live.clone(), *id);
        tokio::spawn(async move {
            let period = Duration::from_secs(1) / PER_SECOND;
            // Spread over the period, as answers of different people are.
            let phase = period * u32::try_from(number).unwrap_or(0) / u32::try_from(STREAMS).unwrap_or(1);
            let mut rhythm = tokio::time::interval_at(tokio::time::Instant::now() + phase, period);
            for seq in 2..=i64::from(PER_SECOND * SECONDS) {
                rhythm.tick().await;
                append(&live, id, seq, start, false).await;
            }
        })
    });
    futures::future::join_all(writers).await;
    let mut samples = Vec::new();
    for reader in readers {
        samples.extend(reader.await.expect("a reader"));
    }
    let cost = meter.stop().map(|cost| cost.per(samples.len()));
    let mut floor = bare.await.expect("the bare reader");
    let lost = STREAMS * (PER_SECOND * SECONDS - 1) as usize - samples.len();
    eprintln!("  {} deltas over WebSockets, {lost} lost, {} read bare", samples.len(), floor.len());
    for (name, share, cost) in [("p50", 0.50, cost), ("p99", 0.99, None)] {
        let what = format!("delta from append to WebSocket frame, {name} (200 × 50/s)");
        report.latency(&what, percentile(&mut samples, share), percentile(&mut floor, share), cost);
    }
    triptych.stop().await;
    pool.close().await;
    // The generations never end; nothing is owed for them in this world's queues.
    world.end().await;
}

/// A delta whose text is the moment of its append.
async fn append(
    live: &triptych_server::services::live::Live,
    id: GenerationId,
    seq: i64,
    start: Instant,
    create: bool,
) {
    let micros = start.elapsed().as_micros().to_string();
    let payload = json!({ "type": "text_delta", "partId": "p0", "offset": seq, "text": micros }).to_string();
    let position = Position { epoch: 1, seq };
    live.append(&Topic::of(id), position, &[payload], create).await.expect("Redis answers");
}

async fn read_socket(mut socket: Socket, id: GenerationId, start: Instant, ready: &Barrier) -> Vec<Duration> {
    socket.subscribe("1", QUERY, json!({ "id": id.to_string() })).await;
    // The first delta was appended before; it says that the subscription stands.
    socket.event().await;
    ready.wait().await;
    let count = (PER_SECOND * SECONDS - 1) as usize;
    let mut samples = Vec::with_capacity(count);
    while samples.len() < count {
        let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(10), socket.event()).await else {
            break;
        };
        samples.extend(age(&event["generationEvents"]["event"], start));
    }
    samples
}

fn age(event: &Value, start: Instant) -> Option<Duration> {
    let micros: u64 = event["text"].as_str()?.parse().ok()?;
    Some(start.elapsed().saturating_sub(Duration::from_micros(micros)))
}

/// One connection that blocks on all streams, as a program without anything in between would.
async fn read_bare(url: String, prefix: String, ids: Vec<GenerationId>, start: Instant) -> Vec<Duration> {
    let client = redis::Client::open(url).expect("a URL");
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let mut connection =
        client.get_multiplexed_async_connection_with_config(&config).await.expect("Redis answers");
    let keys: Vec<String> = ids.iter().map(|id| format!("{prefix}:live:{}", Topic::of(*id))).collect();
    let mut last: Vec<String> = keys.iter().map(|_| "1-1".to_owned()).collect();
    let mut samples = Vec::new();
    let count = STREAMS * (PER_SECOND * SECONDS - 1) as usize;
    let options = StreamReadOptions::default().block(3000);
    while samples.len() < count {
        let reply: Option<StreamReadReply> = redis::cmd("XREAD")
            .arg(&options)
            .arg("STREAMS")
            .arg(&keys)
            .arg(&last)
            .query_async(&mut connection)
            .await
            .expect("Redis answers");
        let Some(reply) = reply else { break };
        for stream in reply.keys {
            let index = keys.iter().position(|key| *key == stream.key).expect("a known key");
            for entry in stream.ids {
                let payload: String = entry.get("e").expect("a payload");
                samples.extend(age(&serde_json::from_str(&payload).expect("JSON"), start));
                last[index] = entry.id;
            }
        }
    }
    samples
}

/// Generations that are being streamed by nobody: this benchmark writes their events itself.
async fn streaming_generations(world: &World, client: &Client) -> Vec<GenerationId> {
    let viewer = client.send("{ viewer { user { id } organization { id } } }", json!({})).await;
    let uuid = |pointer: &str| {
        let id: GenerationId =
            viewer.text(pointer).replace("user_", "gen_").replace("org_", "gen_").parse().expect("an id");
        bson::Uuid::from_bytes(id.uuid().into_bytes())
    };
    let (user, organization) = (uuid("/viewer/user/id"), uuid("/viewer/organization/id"));
    let now = bson::DateTime::now();
    let forever = bson::DateTime::from_millis(now.timestamp_millis() + 3_600_000);
    let ids: Vec<GenerationId> =
        (0..STREAMS).map(|_| GenerationId::from_uuid(Uuid::from_bytes(bson::Uuid::new().bytes()))).collect();
    let documents = ids.iter().map(|id| {
        let id = bson::Uuid::from_bytes(id.uuid().into_bytes());
        doc! {
            "_id": id, "organizationId": organization, "ownerId": user, "model": "demo/echo",
            "origin": { "kind": "step", "flowId": bson::Uuid::new(), "executionId": bson::Uuid::new(),
                        "executionStepId": bson::Uuid::new(), "prompt": "" },
            "parameters": {}, "status": "STREAMING", "epoch": 1, "lastSeq": 0_i64, "cached": false,
            "leaseOwner": bson::Uuid::new(), "leaseUntil": forever,
            "traceId": "0".repeat(32), "observationId": "0".repeat(16), "createdAt": now,
        }
    });
    let mongo = mongodb::Client::with_uri_str(&world.mongo_url()).await.expect("MongoDB answers");
    mongo
        .database(&world.config.mongo.database)
        .collection::<bson::Document>("generations")
        .insert_many(documents)
        .await
        .expect("generations");
    ids
}
