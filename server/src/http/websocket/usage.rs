//! What each user has open in this process, against the limits.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use dashmap::DashMap;
use triptych_entities::ids::UserId;

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    subscriptions: AtomicUsize,
}

/// Connections and subscriptions by user. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Usage(Arc<DashMap<UserId, Arc<Counts>>>);

/// One user's connection. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    user: UserId,
    counts: Arc<Counts>,
    usage: Usage,
}

/// One user's subscription. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct SubscriptionPlace(Arc<Counts>);

impl Usage {
    /// `None` when the user has as many connections as allowed.
    pub(super) fn connect(&self, user: UserId, limit: usize) -> Option<ConnectionPlace> {
        // Under the entry's lock, so that the last one's leaving and the next one's coming do not cross.
        let entry = self.0.entry(user).or_default();
        take(&entry.connections, limit).then(|| ConnectionPlace {
            user,
            counts: entry.clone(),
            usage: self.clone(),
        })
    }
}

impl ConnectionPlace {
    /// `None` when the user has as many subscriptions as allowed, over all connections.
    pub(super) fn subscribe(&self, limit: usize) -> Option<SubscriptionPlace> {
        take(&self.counts.subscriptions, limit).then(|| SubscriptionPlace(self.counts.clone()))
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.usage.0.remove_if(&self.user, |_, counts| counts.connections.fetch_sub(1, Relaxed) == 1);
    }
}

impl Drop for SubscriptionPlace {
    fn drop(&mut self) {
        self.0.subscriptions.fetch_sub(1, Relaxed);
    }
}

fn take(count: &AtomicUsize, limit: usize) -> bool {
    count.try_update(Relaxed, Relaxed, |taken| (taken < limit).then_some(taken + 1)).is_ok()
}

#[cfg(test)]
mod tests {
    use triptych_entities::ids::Id as _;

    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let usage = Usage::default();
        let user = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let first = usage.connect(user, 2).unwrap();
        let second = usage.connect(user, 2).unwrap();
        assert!(usage.connect(user, 2).is_none());
        let subscription = first.subscribe(1).unwrap();
        assert!(second.subscribe(1).is_none());
        drop(subscription);
        assert!(second.subscribe(1).is_some());
        drop((first, second));
        assert!(usage.0.is_empty());
    }
}
