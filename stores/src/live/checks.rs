//! Finds changes of subjects that were not announced, as when a worker is killed between its commit and its
//! announcement. One task of the process reads the marks of all quiet subjects together, so that followers need not ask
//! the database each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::time::{Instant, MissedTickBehavior, timeout};

use super::channels::{Announcement, Channels};
use crate::error::StoreError;

/// Interval of the rounds, and of the first checks of a channel.
const ROUND: Duration = Duration::from_secs(2);
/// Interval of the checks of a channel on which nothing happens.
const LONGEST: Duration = Duration::from_secs(8);
/// Subjects whose marks are read together.
const BATCH: usize = 1_000;
/// Time limit of reading the marks of a batch.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The marks of subjects by their ids, as in the topic. A mark changes whenever followers have to look at the database.
/// An id without a mark is that of a deleted subject.
pub type Marks = HashMap<String, i64>;

/// Reads the marks of subjects of one kind.
pub trait Overview: Send + Sync + 'static {
    fn marks(&self, ids: Vec<String>) -> BoxFuture<'_, Result<Marks, StoreError>>;
}

/// What the last check of a subject found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Known {
    /// It was not checked yet.
    #[default]
    Nothing,
    Mark(i64),
    Deleted,
}

/// When the subject of a channel is checked next, and what is known of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Schedule {
    known: Known,
    /// `None` for the next round.
    next: Option<Instant>,
    interval: Duration,
    /// Whether the channel was active since the last round.
    active: bool,
    /// The first round since the last check in which the channel was active.
    unchecked: Option<Instant>,
}

impl Schedule {
    /// Notes that the channel is active.
    pub(super) fn announced(&mut self) {
        self.active = true;
    }

    /// Whether the subject is checked in this round.
    fn is_due(&mut self, now: Instant) -> bool {
        if std::mem::take(&mut self.active) {
            // What happens is announced. Checked once it is quiet, as the last announcement may be missing, and now
            // and then, as one in between may be.
            self.known = Known::Nothing;
            self.next = None;
            return now >= *self.unchecked.get_or_insert(now) + LONGEST;
        }
        self.next.is_none_or(|next| next <= now)
    }

    /// Notes the mark. Returns whether it changed.
    fn checked(&mut self, mark: Option<i64>, now: Instant) -> bool {
        let known = mark.map_or(Known::Deleted, Known::Mark);
        let changed = std::mem::replace(&mut self.known, known) != known;
        self.interval = if changed { ROUND } else { (self.interval * 2).clamp(ROUND, LONGEST) };
        self.next = Some(now + self.interval);
        self.unchecked = None;
        changed
    }
}

/// The overviews by the prefix of the ids of their subjects.
#[derive(Clone, Default)]
pub(super) struct Overviews(Arc<Mutex<HashMap<&'static str, Arc<dyn Overview>>>>);

impl Overviews {
    pub(super) fn insert(&self, prefix: &'static str, overview: Arc<dyn Overview>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(prefix, overview);
    }

    fn get(&self, prefix: &str) -> Option<Arc<dyn Overview>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(prefix).cloned()
    }
}

/// Checks the channels. Never ends.
pub(super) async fn run(channels: Channels, overviews: Overviews) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        round(&channels, &overviews, Instant::now()).await;
    }
}

async fn round(channels: &Channels, overviews: &Overviews, now: Instant) {
    for (prefix, subjects) in due(channels, now) {
        let Some(overview) = overviews.get(&prefix) else { continue };
        for batch in subjects.chunks(BATCH) {
            let ids = batch.iter().map(|(_, id)| id.to_string()).collect();
            match timeout(TIME_LIMIT, overview.marks(ids)).await {
                Ok(Ok(marks)) => tell(channels, batch, &marks, now),
                // The next round tries again.
                Ok(Err(error)) => tracing::warn!(kind = prefix, %error, "live subjects were not checked"),
                Err(_) => tracing::warn!(kind = prefix, "checking live subjects exceeded its time limit"),
            }
        }
    }
}

/// The name of a channel and the id of its subject.
type Subject = (Arc<str>, Arc<str>);

/// The subjects to check by the prefix of their ids.
fn due(channels: &Channels, now: Instant) -> HashMap<String, Vec<Subject>> {
    let mut due: HashMap<String, Vec<Subject>> = HashMap::new();
    for (name, channel) in &mut channels.lock().channels {
        if !channel.schedule.is_due(now) {
            continue;
        }
        if let Some((prefix, _)) = channel.subject.split_once('_') {
            due.entry(prefix.to_owned()).or_default().push((name.clone(), channel.subject.clone()));
        }
    }
    due
}

fn tell(channels: &Channels, checked: &[Subject], marks: &Marks, now: Instant) {
    let mut state = channels.lock();
    for (name, id) in checked {
        if let Some(channel) = state.channels.get_mut(name)
            && channel.schedule.checked(marks.get(&**id).copied(), now)
        {
            channel.announce(Announcement::Changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the reads; all subjects have the same mark.
    #[derive(Default)]
    struct Counting {
        mark: Mutex<i64>,
        reads: Mutex<Vec<usize>>,
    }

    impl Overview for Counting {
        fn marks(&self, ids: Vec<String>) -> BoxFuture<'_, Result<Marks, StoreError>> {
            self.reads.lock().unwrap().push(ids.len());
            let mark = *self.mark.lock().unwrap();
            Box::pin(async move { Ok(ids.into_iter().map(|id| (id, mark)).collect()) })
        }
    }

    #[tokio::test]
    async fn quiet_subjects_are_read_together_and_followers_wait_for_a_change() {
        let (channels, overviews, counting) =
            (Channels::default(), Overviews::default(), Arc::new(Counting::default()));
        overviews.insert("test", counting.clone());
        let mut followers: Vec<_> =
            (0..500).map(|n| channels.follow(&format!("c{n}"), &format!("test_{n}"))).collect();
        let begun = Instant::now();
        round(&channels, &overviews, begun).await;
        // A follower may have read its subject before it followed.
        assert!(matches!(followers[7].receiver.try_recv(), Ok(Announcement::Changed)));
        for n in 1..=30 {
            round(&channels, &overviews, begun + ROUND * n).await;
        }
        assert!(followers[7].receiver.is_empty(), "nothing has changed");
        let reads = std::mem::take(&mut *counting.reads.lock().unwrap());
        assert!(reads.iter().all(|read| *read == 500) && reads.len() < 12, "{reads:?}");
        *counting.mark.lock().unwrap() = 1;
        round(&channels, &overviews, begun + ROUND * 40).await;
        assert!(matches!(followers[7].receiver.try_recv(), Ok(Announcement::Changed)));
    }

    #[test]
    fn an_active_channel_is_checked_once_it_is_quiet() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        assert!(schedule.is_due(now));
        assert!(schedule.checked(Some(1), now) && !schedule.is_due(now));
        schedule.announced();
        let later = now + LONGEST;
        assert!(!schedule.is_due(later) && schedule.is_due(later));
        assert!(schedule.checked(Some(1), later), "the end may have come without an announcement");
        assert!(!schedule.checked(Some(1), later) && schedule.checked(None, later));
    }

    #[test]
    fn a_channel_that_is_never_quiet_is_checked_now_and_then() {
        let (mut schedule, begun) = (Schedule::default(), Instant::now());
        let checked: Vec<u32> = (0..10)
            .filter(|round| {
                let now = begun + ROUND * *round;
                schedule.announced();
                let due = schedule.is_due(now);
                if due {
                    schedule.checked(Some(1), now);
                }
                due
            })
            .collect();
        assert_eq!(checked, [4, 9]);
    }
}
