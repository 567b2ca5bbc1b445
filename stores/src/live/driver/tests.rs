//! The driver over scripted streams, a feed that recovers lost events at once, one that cannot before its end, and
//! one that starts from now.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::*;
use crate::live::{
    LiveItem,
    turns::{Turn, Turns},
};

mod delays;
mod losses;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Event {
    Reset,
    Add(i64),
    Recovered,
    End,
}

impl triptych_entities::payloads::LiveEvent for Event {
    fn role(&self) -> EventRole {
        match self {
            Self::Reset => EventRole::Resets,
            Self::End => EventRole::Ends,
            Self::Add(_) | Self::Recovered => EventRole::Continues,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Error {
    Invalid(#[from] Invalid),
    Store(#[from] StoreError),
}

/// The results of the reads of the database, in order; the last one is repeated.
#[derive(Clone, Default)]
struct Database {
    end: Option<End<Event>>,
    later: VecDeque<Option<End<Event>>>,
    /// `None` withholds events.
    recovered: Option<Vec<Event>>,
    superseded: bool,
    highest: Option<Position>,
    /// The events that the feed was told of or admitted. Without all of these, the subscriber misses some.
    known: Vec<Event>,
    all: Vec<Event>,
    reads: Arc<Mutex<usize>>,
}

struct Fake<const REPLAYS: bool, const SHARED: bool = false>(Database);

impl<const REPLAYS: bool, const SHARED: bool> Feed for Fake<REPLAYS, SHARED> {
    type Subject = ();
    type Event = Event;
    type Error = Error;

    const KIND: &'static str = "test";
    const REPLAYS: bool = REPLAYS;
    const SHARED: bool = SHARED;

    fn subject(&self) {}

    fn topic(&self) -> Topic {
        Topic::of("test")
    }

    async fn refresh(&mut self) -> Result<(), Error> {
        *self.0.reads.lock().unwrap() += 1;
        if let Some(end) = self.0.later.pop_front() {
            self.0.end = end;
        }
        Ok(())
    }

    fn end(&self) -> Option<End<Event>> {
        self.0.end.clone()
    }

    async fn recover(&mut self, lost: Lost) -> Result<Option<Vec<Event>>, Error> {
        if !self.0.all.is_empty() {
            let missed = self.0.all.iter().filter(|event| !self.0.known.contains(event));
            let missed: Vec<Event> = missed.cloned().collect();
            self.0.known.extend(missed.iter().cloned());
            return Ok(Some(missed));
        }
        if lost.is_empty() { Ok(Some(Vec::new())) } else { Ok(self.0.recovered.clone()) }
    }

    fn highest(&self) -> Option<Position> {
        self.0.highest
    }

    fn misses(&self) -> bool {
        self.0.all.iter().any(|event| !self.0.known.contains(event))
    }

    fn admits(&mut self, event: &Event) -> bool {
        let known = self.0.known.contains(event);
        self.0.known.push(event.clone());
        self.0.all.is_empty() || !known
    }

    async fn confirms(&mut self, _: Position) -> Result<bool, Error> {
        Ok(!self.0.superseded)
    }
}

/// A stream of which the driver reads these items.
#[derive(Default)]
struct Script {
    items: Mutex<Vec<Result<LiveItem, StoreError>>>,
    last: Option<Entry>,
    /// The entries before the cursor.
    before: Vec<Entry>,
    down: bool,
    patience: Duration,
}

impl Source for Script {
    async fn turn(&self, kind: &'static str) -> Turn {
        Turns::default().take(kind).await
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn items(
        &self,
        _: Topic,
        after: Option<Cursor>,
        _: bool,
    ) -> BoxStream<'static, Result<LiveItem, StoreError>> {
        let items = std::mem::take(&mut *self.items.lock().unwrap()).into_iter();
        let after = after.map(|after| after.position);
        let unread = move |item: &Result<LiveItem, StoreError>| match item {
            Ok(LiveItem::Entry(entry)) => Some(entry.position) > after,
            _ => true,
        };
        stream::iter(items.filter(unread)).boxed()
    }

    async fn until(&self, _: &Topic, cursor: Cursor) -> Result<Vec<Entry>, StoreError> {
        Ok(self.before.iter().filter(|entry| entry.position <= cursor.position).cloned().collect())
    }

    async fn last(&self, _: &Topic) -> Result<Option<Entry>, StoreError> {
        if self.down { Err(StoreError::Timeout("Redis")) } else { Ok(self.last.clone()) }
    }
}

fn entry(epoch: i64, seq: i64, event: Event) -> LiveItem {
    let payload = serde_json::to_string(&event).unwrap();
    LiveItem::Entry(Entry { position: Position { epoch, seq }, payload })
}

fn script(items: impl IntoIterator<Item = LiveItem>) -> Script {
    let items: Vec<_> = items.into_iter().collect();
    let last = items.iter().rev().find_map(|item| match item {
        LiveItem::Entry(entry) => Some(entry.clone()),
        LiveItem::Quiet | LiveItem::Lost(_) => None,
    });
    Script { items: Mutex::new(items.into_iter().map(Ok).collect()), last, ..Script::default() }
}

fn end_at(at: Option<Position>) -> End<Event> {
    End { at, event: Event::End }
}

fn recovering() -> Database {
    Database { recovered: Some(vec![Event::Recovered]), ..Database::default() }
}

/// Everything that a subscriber receives, as `epoch-seq event`, and the error at the end.
async fn received<const REPLAYS: bool>(
    script: Script,
    database: Database,
    after: Option<&str>,
) -> Result<Vec<String>, Error> {
    let driver = Driver::open(script, Fake::<REPLAYS>(database), after).await?;
    let mut envelopes = std::pin::pin!(driver.into_stream());
    let mut received = Vec::new();
    while let Some(envelope) = envelopes.next().await {
        let envelope = envelope?;
        received.push(format!("{} {:?}", envelope.cursor.position, envelope.event));
    }
    Ok(received)
}

async fn replayed(script: Script, database: Database, after: Option<&str>) -> Vec<String> {
    received::<true>(script, database, after).await.unwrap()
}

fn whole() -> [LiveItem; 3] {
    [entry(1, 1, Event::Reset), entry(1, 2, Event::Add(1)), entry(1, 3, Event::End)]
}

#[tokio::test]
async fn a_complete_stream_is_sent_unchanged_up_to_its_end() {
    let items = whole().into_iter().chain([entry(1, 4, Event::Add(2))]);
    let all = replayed(script(items), recovering(), None).await;
    assert_eq!(all, ["1-1 Reset", "1-2 Add(1)", "1-3 End"]);
    assert_eq!(replayed(script(whole()), recovering(), Some("1-1")).await, ["1-2 Add(1)", "1-3 End"]);
}

#[tokio::test]
async fn lost_events_are_recovered_before_the_next_one() {
    let trimmed = [entry(1, 1, Event::Reset), entry(1, 7, Event::Add(7)), entry(1, 8, Event::End)];
    let all = replayed(script(trimmed), recovering(), None).await;
    assert_eq!(all, ["1-1 Reset", "1-6 Recovered", "1-7 Add(7)", "1-8 End"]);
    // The stream was lost, and another writer created a new one.
    let again = [entry(1, 1, Event::Reset), entry(2, 1, Event::Add(5)), entry(2, 2, Event::End)];
    let all = replayed(script(again), recovering(), None).await;
    assert_eq!(all, ["1-1 Reset", "2-0 Recovered", "2-1 Add(5)", "2-2 End"]);
    let end = [entry(1, 1, Event::Reset), entry(1, 5, Event::End)];
    assert_eq!(replayed(script(end), recovering(), None).await, ["1-1 Reset", "1-4 Recovered", "1-5 End"]);
}

#[tokio::test]
async fn events_that_cannot_be_recovered_are_withheld_until_a_reset() {
    let database = Database::default();
    let reads = database.reads.clone();
    let items = [
        entry(1, 1, Event::Reset),
        entry(1, 4, Event::Add(4)),
        entry(1, 5, Event::Add(5)),
        entry(1, 6, Event::Reset),
        entry(1, 7, Event::End),
    ];
    assert_eq!(replayed(script(items), database, None).await, ["1-1 Reset", "1-6 Reset", "1-7 End"]);
    assert_eq!(*reads.lock().unwrap(), 1, "the database is read once for one gap");
}

#[tokio::test]
async fn a_lost_stream_ends_with_the_state_of_the_database() {
    let at = Some(Position { epoch: 2, seq: 9 });
    let known = || Database { end: Some(end_at(at)), ..recovering() };
    assert_eq!(replayed(script([]), known(), None).await, ["2-8 Recovered", "2-9 End"]);
    assert_eq!(replayed(script([]), known(), Some("2-8")).await, ["2-9 End"]);
    assert!(replayed(script([]), known(), Some("2-9")).await.is_empty());
    let unknown = || Database { end: Some(end_at(None)), ..recovering() };
    assert_eq!(replayed(script([]), unknown(), None).await, ["0-0 Recovered", "0-0 End"]);
    assert_eq!(replayed(script([]), unknown(), Some("1-4")).await, ["1-4 Recovered", "1-4 End"]);
}

#[tokio::test]
async fn an_end_that_the_stream_contains_is_not_sent_again() {
    let ended = || Database { end: Some(end_at(None)), ..recovering() };
    let items = || whole().into_iter().chain([LiveItem::Quiet]);
    assert_eq!(replayed(script(items()), ended(), None).await, ["1-1 Reset", "1-2 Add(1)", "1-3 End"]);
    assert!(replayed(script(items()), ended(), Some("1-3")).await.is_empty());
    // Quiet before the end was published: the stream still brings it.
    let mut late = vec![LiveItem::Quiet];
    late.extend(whole());
    assert_eq!(replayed(script(late), ended(), None).await, ["1-1 Reset", "1-2 Add(1)", "1-3 End"]);
}

#[tokio::test]
async fn an_end_missing_in_the_stream_is_read_from_the_database() {
    let later = VecDeque::from([None, Some(end_at(None))]);
    let items = [entry(1, 1, Event::Reset), LiveItem::Quiet, LiveItem::Quiet, entry(1, 2, Event::Add(2))];
    let all = replayed(script(items), Database { later, ..recovering() }, None).await;
    assert_eq!(all, ["1-1 Reset", "1-1 Recovered", "1-1 End"]);
    let later = VecDeque::from([Some(end_at(Some(Position { epoch: 1, seq: 2 })))]);
    let items = [entry(1, 1, Event::Reset), LiveItem::Quiet];
    let all = replayed(script(items), Database { later, ..recovering() }, None).await;
    assert_eq!(all, ["1-1 Reset", "1-2 End"], "nothing is lost between them");
}

#[tokio::test]
async fn a_superseded_end_is_dropped() {
    let items = [entry(1, 1, Event::Reset), entry(1, 2, Event::End), entry(2, 1, Event::Reset)];
    let database = Database { superseded: true, ..recovering() };
    assert_eq!(replayed(script(items), database, None).await, ["1-1 Reset", "2-1 Reset"]);
}

#[tokio::test]
async fn cursors_of_other_subjects_are_refused() {
    for cursor in ["", "x", "1", "1-4", "2-1", "-1-1", "1-1; DROP"] {
        let database = Database { highest: Some(Position { epoch: 1, seq: 3 }), ..recovering() };
        let refused = received::<true>(script(whole()), database, Some(cursor)).await.unwrap_err();
        assert!(refused.to_string().starts_with("after: not a cursor of this test"), "{refused}");
    }
}

#[tokio::test]
async fn the_end_is_read_from_the_database_while_redis_is_unavailable() {
    let items = vec![
        Ok(entry(1, 1, Event::Reset)),
        Err(StoreError::Timeout("Redis")),
        Ok(LiveItem::Quiet),
        Err(StoreError::Timeout("Redis")),
        Ok(LiveItem::Quiet),
    ];
    let script = Script { items: Mutex::new(items), down: true, ..Script::default() };
    let later = VecDeque::from([None, Some(end_at(None))]);
    let all = replayed(script, Database { later, ..recovering() }, None).await;
    assert_eq!(all, ["1-1 Reset", "1-1 Recovered", "1-1 End"]);
}

#[tokio::test]
async fn an_error_is_the_last_item() {
    let corrupt = LiveItem::Entry(Entry { position: Position { epoch: 1, seq: 2 }, payload: "{".to_owned() });
    let driver = Driver::open(
        script([entry(1, 1, Event::Reset), corrupt, entry(1, 3, Event::End)]),
        Fake::<true>(recovering()),
        None,
    )
    .await
    .unwrap();
    let items: Vec<_> = driver.into_stream().collect().await;
    assert!(matches!(items.as_slice(), [Ok(_), Err(Error::Store(StoreError::Corrupt(_)))]), "{items:?}");
}

#[tokio::test]
async fn a_feed_from_now_starts_with_the_current_state() {
    let old = || whole().into_iter().take(2);
    // The scripted source shows only what follows the last entry at the time of opening.
    let now = received::<false>(script(old()), recovering(), None).await.unwrap();
    assert_eq!(now, ["1-2 Recovered"]);
    let mut first = script([entry(9, 1, Event::Add(1)), entry(9, 2, Event::Add(2))]);
    first.last = None;
    let now = received::<false>(first, recovering(), None).await.unwrap();
    assert_eq!(now, ["0-0 Recovered", "9-1 Add(1)", "9-2 Add(2)"]);
    let again = received::<false>(script(old()), recovering(), Some("1-1")).await.unwrap();
    assert_eq!(again, ["1-2 Add(1)"]);
    let ended = Database { end: Some(end_at(None)), ..recovering() };
    let now = received::<false>(script(whole()), ended, None).await.unwrap();
    assert_eq!(now, ["1-3 Recovered", "1-3 End"]);
    let down = Script { down: true, ..script(old()) };
    assert!(received::<false>(down, recovering(), None).await.is_err());
}
