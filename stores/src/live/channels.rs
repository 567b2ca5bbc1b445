//! The channels that are followed in this process, shared by their followers, the connection and the checks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, broadcast};

use super::{Entry, checks::Schedule};

/// Announcements that are buffered for a slow follower. A follower that falls further behind reads the stream. The buffer
/// is allocated with the channel, so a large one would be most of the memory of an idle subscription.
const BACKLOG: usize = 32;

/// What followers of a channel receive.
#[derive(Debug, Clone)]
pub(super) enum Announcement {
    Entries(Arc<[Entry]>),
    /// The channel was subscribed, or entries may have been missed: read the stream.
    Resync,
    /// The subject changed in the database without an announcement.
    Changed,
}

/// The channels that are followed.
#[derive(Clone, Default)]
pub(super) struct Channels(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the connection after a change of the channels.
    wake: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) channels: HashMap<Arc<str>, Channel>,
    /// Channels that the connection has to subscribe or to unsubscribe. Empty without a connection, which begins with all
    /// channels.
    changed: Vec<Arc<str>>,
    connected: bool,
}

/// Channels that the connection has to subscribe and to unsubscribe.
#[derive(Debug, PartialEq)]
pub(super) struct Changes {
    pub(super) followed: Vec<Arc<str>>,
    pub(super) left: Vec<Arc<str>>,
}

/// One channel.
pub(super) struct Channel {
    sender: broadcast::Sender<Announcement>,
    followers: usize,
    /// Whether Redis confirmed the subscription on the present connection.
    subscribed: bool,
    /// The id of the subject, for its checks.
    pub(super) subject: Arc<str>,
    pub(super) schedule: Schedule,
}

impl Channel {
    /// Sends to all followers.
    pub(super) fn announce(&self, announcement: Announcement) {
        // Without followers there is no recipient.
        let _ = self.sender.send(announcement);
    }
}

/// A follower's subscription of a channel. Dropping it leaves the channel.
pub(super) struct Subscription {
    pub(super) receiver: broadcast::Receiver<Announcement>,
    /// Whether the stream can be read now. Otherwise [`Announcement::Resync`] follows.
    pub(super) subscribed: bool,
    name: Arc<str>,
    channels: Channels,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.channels.leave(&self.name);
    }
}

impl Channels {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a follower of a channel.
    pub(super) fn follow(&self, name: &str, subject: &str) -> Subscription {
        let mut state = self.lock();
        if let Some((name, channel)) = state.channels.get_key_value(name) {
            let name = name.clone();
            let (receiver, subscribed) = (channel.sender.subscribe(), channel.subscribed);
            if let Some(channel) = state.channels.get_mut(&name) {
                channel.followers += 1;
                // The follower may have read its subject before the last check.
                channel.schedule = Schedule::default();
            }
            return Subscription { receiver, subscribed, name, channels: self.clone() };
        }
        let name: Arc<str> = name.into();
        let (sender, receiver) = broadcast::channel(BACKLOG);
        let channel = Channel {
            sender,
            followers: 1,
            subscribed: false,
            subject: subject.into(),
            schedule: Schedule::default(),
        };
        state.channels.insert(name.clone(), channel);
        self.changed(&mut state, &name);
        Subscription { receiver, subscribed: false, name, channels: self.clone() }
    }

    fn leave(&self, name: &Arc<str>) {
        let mut state = self.lock();
        let Some(channel) = state.channels.get_mut(name) else { return };
        channel.followers -= 1;
        if channel.followers == 0 {
            state.channels.remove(name);
            self.changed(&mut state, name);
        }
    }

    fn changed(&self, state: &mut State, name: &Arc<str>) {
        if state.connected {
            state.changed.push(name.clone());
            self.0.wake.notify_one();
        }
    }

    /// Begins a connection: returns the channels to subscribe.
    pub(super) fn connected(&self) -> Vec<Arc<str>> {
        let mut state = self.lock();
        state.connected = true;
        state.channels.keys().cloned().collect()
    }

    /// Ends a connection. Every channel is checked soon, as announcements are missed meanwhile.
    pub(super) fn disconnected(&self) {
        let mut state = self.lock();
        state.connected = false;
        state.changed = Vec::new();
        for channel in state.channels.values_mut() {
            channel.subscribed = false;
            channel.schedule = Schedule::default();
        }
    }

    /// Waits for channels that have to be subscribed or unsubscribed. Can be cancelled.
    pub(super) async fn changes(&self) -> Changes {
        loop {
            let woken = self.0.wake.notified();
            {
                let mut state = self.lock();
                let mut changed = std::mem::take(&mut state.changed);
                if !changed.is_empty() {
                    changed.sort_unstable();
                    changed.dedup();
                    let is_followed = |name: &Arc<str>| state.channels.contains_key(name);
                    let (followed, left) = changed.into_iter().partition(is_followed);
                    return Changes { followed, left };
                }
            }
            woken.await;
        }
    }

    /// Notes that Redis confirmed subscriptions, and lets their followers read the streams.
    pub(super) fn confirm(&self, names: &[Arc<str>]) {
        let mut state = self.lock();
        for name in names {
            if let Some(channel) = state.channels.get_mut(name) {
                channel.subscribed = true;
                channel.announce(Announcement::Resync);
            }
        }
    }

    /// Announces to the followers of a channel.
    pub(super) fn announce(&self, name: &str, announcement: Announcement) {
        if let Some(channel) = self.lock().channels.get_mut(name) {
            channel.schedule.announced();
            channel.announce(announcement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_channel_is_gone_after_its_last_follower_left() {
        let channels = Channels::default();
        assert!(channels.connected().is_empty());
        let (first, second) = (channels.follow("a", "a"), channels.follow("a", "a"));
        let changes = |followed: &[&str], left: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
            Changes { followed: names(followed), left: names(left) }
        };
        assert_eq!(channels.changes().await, changes(&["a"], &[]));
        drop(first);
        assert_eq!(channels.lock().channels.len(), 1);
        drop(second);
        assert!(channels.lock().channels.is_empty());
        assert_eq!(channels.changes().await, changes(&[], &["a"]));
    }

    #[tokio::test]
    async fn a_follower_that_leaves_before_the_confirmation_leaves_nothing() {
        let channels = Channels::default();
        for _ in 0..1_000 {
            drop(channels.follow("a", "a"));
        }
        assert!(channels.lock().channels.is_empty());
        assert!(channels.lock().changed.is_empty());
        channels.connected();
        drop(channels.follow("b", "b"));
        assert_eq!(channels.changes().await, Changes { followed: Vec::new(), left: vec!["b".into()] });
        channels.confirm(&["b".into()]);
        assert!(channels.lock().channels.is_empty());
    }

    #[tokio::test]
    async fn followers_read_the_stream_once_their_channel_is_subscribed() {
        let channels = Channels::default();
        channels.connected();
        let mut first = channels.follow("a", "a");
        assert!(!first.subscribed);
        channels.confirm(&["a".into()]);
        assert!(matches!(first.receiver.recv().await, Ok(Announcement::Resync)));
        assert!(channels.follow("a", "a").subscribed);
        channels.disconnected();
        assert!(!channels.follow("a", "a").subscribed);
    }
}
