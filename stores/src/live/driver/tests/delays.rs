//! Events that the database contains before the stream.

use super::*;
use crate::live::driver::source::PATIENCE;

#[tokio::test]
async fn events_that_are_appended_shortly_after_the_commit_keep_their_positions() {
    let all = [Event::Add(1), Event::Add(2)];
    let patient = |items: Vec<LiveItem>| Script { patience: PATIENCE, ..script(items) };
    let committed = || Database { all: all.to_vec(), ..Database::default() };
    let items = || {
        vec![
            LiveItem::Quiet,
            entry(1, 1, Event::Reset),
            entry(1, 2, Event::Add(1)),
            LiveItem::Quiet,
            entry(1, 3, Event::Add(2)),
        ]
    };
    assert_eq!(
        replayed(patient(items()), committed(), None).await,
        ["1-1 Reset", "1-2 Add(1)", "1-3 Add(2)"]
    );
    // One that is not appended follows.
    let part = items().into_iter().take(4).collect();
    assert_eq!(replayed(patient(part), committed(), None).await, ["1-1 Reset", "1-2 Add(1)", "1-2 Add(2)"]);
    let ended = Database { end: Some(end_at(None)), ..committed() };
    let items = items().into_iter().chain([entry(1, 4, Event::End)]).collect();
    let ended = replayed(patient(items), ended, None).await;
    assert_eq!(ended, ["1-1 Reset", "1-2 Add(1)", "1-3 Add(2)", "1-4 End"]);
}
