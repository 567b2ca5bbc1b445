//! The process's subscribed connection. Followers share it: it is subscribed to every channel that has a follower.

use std::{sync::Arc, time::Duration};

use futures::StreamExt as _;
use tokio::time::{MissedTickBehavior, timeout};

use super::{
    Entry, Position,
    channels::{Announcement, Changes, Channels},
};

const RECONNECT_DELAY: Duration = Duration::from_millis(200);
/// Interval of pings. A connection that loses announcements is one that does not answer.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// Time limit of each request on the connection.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Keeps the connection open. Reconnects until the future is dropped.
pub(super) async fn listen(client: redis::Client, channels: Channels) {
    loop {
        match timeout(TIME_LIMIT, client.get_async_pubsub()).await {
            Ok(Ok(pubsub)) => {
                let failure = serve(pubsub, &channels).await;
                channels.disconnected();
                tracing::warn!(%failure, "the subscribed connection failed, reconnecting");
            }
            Ok(Err(error)) => tracing::warn!(%error, "the subscribed connection cannot be opened"),
            Err(_) => tracing::warn!("opening the subscribed connection exceeded its time limit"),
        }
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

/// Serves one connection until it fails. Returns the reason.
async fn serve(pubsub: redis::aio::PubSub, channels: &Channels) -> String {
    let (mut sink, mut messages) = pubsub.split();
    let all = channels.connected();
    if !all.is_empty()
        && let Err(failure) = in_time(sink.subscribe(names(&all))).await
    {
        return failure;
    }
    channels.confirm(&all);
    let mut pings = tokio::time::interval(PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let failed = tokio::select! {
            message = messages.next() => match message {
                Some(message) => {
                    announce(channels, &message);
                    Ok(())
                }
                None => Err("it was closed".to_owned()),
            },
            changes = channels.changes() => change(&mut sink, channels, changes).await,
            _ = pings.tick() => in_time(sink.ping::<redis::Value>()).await.map(drop),
        };
        if let Err(failure) = failed {
            return failure;
        }
    }
}

/// Subscribes and unsubscribes channels.
async fn change(
    sink: &mut redis::aio::PubSubSink,
    channels: &Channels,
    Changes { followed, left }: Changes,
) -> Result<(), String> {
    if !left.is_empty() {
        in_time(sink.unsubscribe(names(&left))).await?;
    }
    if !followed.is_empty() {
        in_time(sink.subscribe(names(&followed))).await?;
        channels.confirm(&followed);
    }
    Ok(())
}

fn names(channels: &[Arc<str>]) -> Vec<&str> {
    channels.iter().map(AsRef::as_ref).collect()
}

async fn in_time<T>(request: impl Future<Output = redis::RedisResult<T>>) -> Result<T, String> {
    match timeout(TIME_LIMIT, request).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("a request exceeded its time limit".to_owned()),
    }
}

fn announce(channels: &Channels, message: &redis::Msg) {
    // After an announcement that cannot be parsed, the stream is read instead.
    let announcement = std::str::from_utf8(message.get_payload_bytes())
        .ok()
        .and_then(parse)
        .map_or(Announcement::Resync, Announcement::Entries);
    channels.announce(message.get_channel_name(), announcement);
}

/// Parses an announcement: `epoch seq`, then one payload per line.
fn parse(text: &str) -> Option<Arc<[Entry]>> {
    let mut lines = text.split('\n');
    let (epoch, seq) = lines.next()?.split_once(' ')?;
    let first = Position { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? };
    Some(
        lines
            .zip(first.seq..)
            .map(|(payload, seq)| Entry {
                position: Position { epoch: first.epoch, seq },
                payload: payload.to_owned(),
            })
            .collect(),
    )
}
