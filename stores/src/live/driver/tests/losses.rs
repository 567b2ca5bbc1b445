//! Streams that have lost their end, or never received some events.

use super::*;

/// Everything that a subscriber receives of a stream that has several writers.
async fn shared(script: Script, database: Database, after: Option<&str>) -> Vec<String> {
    let driver = Driver::open(script, Fake::<true, true>(database), after).await.unwrap();
    let envelopes: Vec<_> = driver.into_stream().collect().await;
    let told = envelopes.into_iter().map(Result::unwrap);
    told.map(|envelope| format!("{} {:?}", envelope.cursor.position, envelope.event)).collect()
}

/// The database has three events, of which the stream has lost some.
fn three() -> Database {
    Database { all: vec![Event::Add(1), Event::Add(2), Event::Add(3)], ..Database::default() }
}

#[tokio::test]
async fn a_cursor_beyond_the_end_of_the_stream_is_valid() {
    let database = || Database { highest: Some(Position { epoch: 9, seq: 0 }), ..recovering() };
    // The only writer of an epoch continues with its own numbers.
    let items = [entry(1, 1, Event::Reset), entry(1, 9, Event::Add(9)), entry(1, 10, Event::End)];
    assert_eq!(replayed(script(items), database(), Some("1-8")).await, ["1-9 Add(9)", "1-10 End"]);
}

#[tokio::test]
async fn a_stream_that_lost_its_end_is_replaced_by_the_database() {
    let end = entry(1, 2, Event::Add(1));
    let LiveItem::Entry(end) = end else { unreachable!() };
    let lost = LiveItem::Lost(Some(end.cursor(true)));
    let later = [entry(1, 3, Event::Add(4)), entry(1, 4, Event::End)];
    let items = || [lost.clone()].into_iter().chain(later.clone());
    let all = shared(script(items()), three(), Some("1-7-00000000")).await;
    assert_eq!(all, ["1-2 Add(1)", "1-2 Add(2)", "1-2 Add(3)"], "older than the cursor, in the script");
    let all = shared(script(items()), three(), None).await;
    assert_eq!(all, ["1-2 Add(1)", "1-2 Add(2)", "1-2 Add(3)", "1-3 Add(4)", "1-4 End"]);
    // The subject has ended, and the stream has lost that too.
    let ended = Database { end: Some(end_at(None)), ..three() };
    let short = Script { last: Some(end), ..script([lost.clone()]) };
    let all = shared(short, ended, Some("1-7-00000000")).await;
    assert_eq!(all, ["1-2 Add(1)", "1-2 Add(2)", "1-2 Add(3)", "1-2 End"]);
    // There is no stream.
    let all = shared(script([LiveItem::Lost(None)]), three(), Some("1-7-00000000")).await;
    assert_eq!(all, ["1-7 Add(1)", "1-7 Add(2)", "1-7 Add(3)"]);
}

#[tokio::test]
async fn events_that_were_not_published_are_recovered_when_the_database_is_read_and_before_the_end() {
    let items = [entry(1, 1, Event::Reset), entry(1, 2, Event::Add(1)), entry(1, 3, Event::End)];
    let all = shared(script(items.clone()), three(), None).await;
    assert_eq!(all, ["1-1 Reset", "1-2 Add(1)", "1-2 Add(2)", "1-2 Add(3)", "1-3 End"]);
    let [reset, first, end] = items;
    let all = shared(script([reset, first.clone(), LiveItem::Quiet, end.clone()]), three(), None).await;
    assert_eq!(all, ["1-1 Reset", "1-2 Add(1)", "1-2 Add(2)", "1-2 Add(3)", "1-3 End"]);
    // What came before the cursor is not sent again.
    let LiveItem::Entry(first) = first else { unreachable!() };
    let cursor = first.cursor(true).to_string();
    let resumed = Script { before: vec![first], ..script([end]) };
    assert_eq!(shared(resumed, three(), Some(&cursor)).await, ["1-2 Add(2)", "1-2 Add(3)", "1-3 End"]);
}
