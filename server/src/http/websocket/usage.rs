//! Connections and subscriptions of each user in this process, for the limits.

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

/// Counts by user. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Usage(Arc<DashMap<UserId, Arc<Counts>>>);

/// A counted connection. Dropping it releases the count.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    user: UserId,
    counts: Arc<Counts>,
    usage: Usage,
}

/// A counted subscription. Dropping it releases the count.
#[derive(Debug)]
pub(super) struct SubscriptionPlace(Arc<Counts>);

impl Usage {
    /// Counts a connection. `None` at the limit.
    pub(super) fn connect(&self, user: UserId, limit: usize) -> Option<ConnectionPlace> {
        // Under the lock of the entry, as the drop of the last connection removes the entry.
        let entry = self.0.entry(user).or_default();
        increment(&entry.connections, limit).then(|| ConnectionPlace {
            user,
            counts: entry.clone(),
            usage: self.clone(),
        })
    }
}

impl ConnectionPlace {
    /// Counts a subscription, over all connections of the user. `None` at the limit.
    pub(super) fn subscribe(&self, limit: usize) -> Option<SubscriptionPlace> {
        increment(&self.counts.subscriptions, limit).then(|| SubscriptionPlace(self.counts.clone()))
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

fn increment(count: &AtomicUsize, limit: usize) -> bool {
    count.try_update(Relaxed, Relaxed, |taken| (taken < limit).then_some(taken + 1)).is_ok()
}

#[cfg(test)]
mod tests {
    use triptych_entities::ids::Id as _;

    use super::*;

    #[test]
    fn counts_are_limited_and_released() {
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
