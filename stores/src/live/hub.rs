//! The process's subscribed connection. Followers share it: the first follower of a channel subscribes, and the
//! connection unsubscribes after the last one leaves.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt as _;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{Entry, Position};

/// Announcements that are buffered for a slow follower. A follower that falls further behind reads the stream.
const BACKLOG: usize = 256;
const RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// What the hub sends to followers of a channel.
#[derive(Debug, Clone)]
pub(super) enum Announcement {
    Entries(Arc<[Entry]>),
    /// Entries may have been missed: read the stream.
    Resync,
}

type Channels = Arc<Mutex<HashMap<String, broadcast::Sender<Announcement>>>>;

enum Command {
    Subscribe(String, oneshot::Sender<()>),
    Release(String),
}

/// A handle of the subscribed connection.
#[derive(Clone)]
pub(super) struct Hub {
    channels: Channels,
    commands: mpsc::UnboundedSender<Command>,
}

/// A follower's subscription of a channel. Dropping it leaves the channel.
pub(super) struct Subscription {
    pub(super) receiver: broadcast::Receiver<Announcement>,
    channel: String,
    commands: mpsc::UnboundedSender<Command>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Sending fails only when the process ends.
        let _ = self.commands.send(Command::Release(std::mem::take(&mut self.channel)));
    }
}

impl Hub {
    /// Starts the task of the connection. It ends when the last handle is dropped.
    pub(super) fn spawn(client: redis::Client) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let channels = Channels::default();
        tokio::spawn(run(client, channels.clone(), inbox));
        Self { channels, commands }
    }

    /// Subscribes to a channel and returns when Redis confirmed it, so that no later announcement is missed.
    pub(super) async fn subscribe(&self, channel: String) -> Subscription {
        let receiver = {
            let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
            channels.entry(channel.clone()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
        };
        let (done, confirmed) = oneshot::channel();
        let _ = self.commands.send(Command::Subscribe(channel.clone(), done));
        let _ = confirmed.await;
        Subscription { receiver, channel, commands: self.commands.clone() }
    }
}

async fn run(client: redis::Client, channels: Channels, mut inbox: mpsc::UnboundedReceiver<Command>) {
    // Kept across reconnects: a subscription is confirmed by the connection that serves it.
    let mut waiting: Vec<(String, oneshot::Sender<()>)> = Vec::new();
    loop {
        match client.get_async_pubsub().await {
            Ok(pubsub) => {
                if serve(pubsub, &channels, &mut inbox, &mut waiting).await.is_break() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "the subscribed connection failed, reconnecting"),
        }
        tokio::time::sleep(RECONNECT_DELAY).await;
    }
}

/// Serves one connection until it fails (`Continue`) or all handles are dropped (`Break`).
async fn serve(
    pubsub: redis::aio::PubSub,
    channels: &Channels,
    inbox: &mut mpsc::UnboundedReceiver<Command>,
    waiting: &mut Vec<(String, oneshot::Sender<()>)>,
) -> std::ops::ControlFlow<()> {
    use std::ops::ControlFlow::{Break, Continue};
    let (mut sink, mut messages) = pubsub.split();
    let known: Vec<String> =
        channels.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
    if !known.is_empty() && sink.subscribe(&known).await.is_err() {
        return Continue(());
    }
    for (_, done) in waiting.drain(..) {
        let _ = done.send(());
    }
    for sender in channels.lock().unwrap_or_else(PoisonError::into_inner).values() {
        let _ = sender.send(Announcement::Resync);
    }
    let mut subscribed: std::collections::HashSet<String> = known.into_iter().collect();
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => announce(channels, &message),
                None => return Continue(()),
            },
            command = inbox.recv() => match command {
                None => return Break(()),
                Some(Command::Subscribe(channel, done)) => {
                    if !subscribed.contains(&channel) {
                        if sink.subscribe(&channel).await.is_err() {
                            waiting.push((channel, done));
                            return Continue(());
                        }
                        subscribed.insert(channel);
                    }
                    let _ = done.send(());
                }
                Some(Command::Release(channel)) => {
                    let unused = {
                        let mut channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
                        let unused = channels.get(&channel).is_some_and(|sender| sender.receiver_count() == 0);
                        if unused { channels.remove(&channel); }
                        unused
                    };
                    if unused && subscribed.remove(&channel) && sink.unsubscribe(&channel).await.is_err() {
                        return Continue(());
                    }
                }
            },
        }
    }
}

fn announce(channels: &Channels, message: &redis::Msg) {
    let Some(sender) =
        channels.lock().unwrap_or_else(PoisonError::into_inner).get(message.get_channel_name()).cloned()
    else {
        return;
    };
    // After an announcement that cannot be parsed, the stream is read instead.
    let announcement = std::str::from_utf8(message.get_payload_bytes())
        .ok()
        .and_then(parse)
        .map_or(Announcement::Resync, Announcement::Entries);
    let _ = sender.send(announcement);
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
