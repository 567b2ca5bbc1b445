//! Polls futures of the same type one after the other, in the same place.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use tokio::task::coop;

/// A future that was not ready at its first poll, and the position of its value in the rest.
type Waiting<F> = (Pin<Box<F>>, usize);

/// Awaits the futures that `start` makes of `items`, concurrently. The values up to the first future that waits are
/// passed to `ready` as soon as they are known; the rest is returned. The first error ends it. Futures are polled in
/// the same order as `try_join_all` polls them, so that values and errors are the same.
///
/// Each future is polled as soon as it is made. One that is ready leaves its place to the next, so that ready futures
/// allocate nothing. Of those that are not ready, the first stays in its place and the others move to the heap before
/// their first poll.
///
/// With `yields`, each item takes from the budget of the task, and an empty budget lets other tasks run.
pub(super) async fn join<I, V, F, E>(
    mut items: impl Iterator<Item = I>,
    start: impl Fn(I) -> F,
    mut ready: impl FnMut(V),
    yields: bool,
) -> Result<Vec<V>, E>
where
    F: Future<Output = Result<V, E>>,
    V: Default,
{
    let mut place = pin!(None);
    loop {
        let Some(item) = items.next() else { return Ok(Vec::new()) };
        if yields {
            spend().await;
        }
        place.set(Some(start(item)));
        match poll_now(place.as_mut().as_pin_mut()).await {
            Poll::Ready(value) => ready(value?),
            Poll::Pending => break,
        }
    }
    let mut rest = vec![V::default()];
    let mut waiting = Vec::new();
    let mut spare: Option<Pin<Box<F>>> = None;
    // Whether all have been polled in the same poll of the task, and hold its waker.
    let mut polled = true;
    for item in items {
        if yields && spend().await {
            polled = false;
        }
        let future = start(item);
        let mut future = match spare.take() {
            Some(mut place) => {
                place.set(future);
                place
            }
            None => Box::pin(future),
        };
        match poll_now(Some(future.as_mut())).await {
            Poll::Ready(value) => {
                rest.push(value?);
                spare = Some(future);
            }
            Poll::Pending => {
                waiting.push((future, rest.len()));
                rest.push(V::default());
            }
        }
    }
    drop(spare);
    poll_fn(|cx| {
        if std::mem::take(&mut polled) {
            return Poll::Pending;
        }
        if let Some(future) = place.as_mut().as_pin_mut()
            && let Poll::Ready(value) = future.poll(cx)
        {
            place.set(None);
            rest[0] = value?;
        }
        poll_waiting(cx, &mut waiting, &mut rest)?;
        if place.is_none() && waiting.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await?;
    Ok(rest)
}

/// Takes a unit from the budget of the task, and waits if there is none. Returns whether it waited.
async fn spend() -> bool {
    let mut waited = false;
    poll_fn(|cx| match coop::poll_proceed(cx) {
        Poll::Ready(unit) => {
            unit.made_progress();
            Poll::Ready(())
        }
        Poll::Pending => {
            waited = true;
            Poll::Pending
        }
    })
    .await;
    waited
}

/// Polls once, without waiting.
async fn poll_now<F: Future>(future: Option<Pin<&mut F>>) -> Poll<F::Output> {
    let Some(mut future) = future else { return Poll::Pending };
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Polls all that wait, in order up to the first error, and drops those that are ready.
fn poll_waiting<F, V, E>(cx: &mut Context<'_>, waiting: &mut Vec<Waiting<F>>, rest: &mut [V]) -> Result<(), E>
where
    F: Future<Output = Result<V, E>>,
{
    let mut result = Ok(());
    waiting.retain_mut(|(future, position)| {
        if result.is_err() {
            return true;
        }
        match future.as_mut().poll(cx) {
            Poll::Pending => return true,
            Poll::Ready(Ok(value)) => rest[*position] = value,
            Poll::Ready(Err(error)) => result = Err(error),
        }
        false
    });
    result
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible, rc::Rc};

    use super::*;

    /// Lists of lists of ready items. Returns how often another task has run meanwhile.
    async fn others_during(lists: usize, items: usize) -> usize {
        let runs = Rc::new(Cell::new(0));
        let counter = runs.clone();
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async move {
                let other = tokio::task::spawn_local(async move {
                    loop {
                        counter.set(counter.get() + 1);
                        tokio::task::yield_now().await;
                    }
                });
                let list = move |_| async move {
                    let one = |item: usize| async move { Ok::<usize, Infallible>(item) };
                    let mut sum = 0;
                    let rest = join(0..items, one, |item| sum += item, true).await?;
                    Ok::<usize, Infallible>(sum + rest.into_iter().sum::<usize>())
                };
                let resolving = tokio::task::spawn_local(async move {
                    let mut sums = Vec::new();
                    let Ok(rest) = join(0..lists, list, |sum| sums.push(sum), true).await;
                    sums.extend(rest);
                    sums
                });
                let sums = resolving.await.unwrap();
                assert_eq!(sums, vec![(0..items).sum::<usize>(); lists]);
                other.abort();
                runs.get()
            })
            .await
    }

    #[tokio::test]
    async fn other_tasks_run_while_long_lists_are_resolved() {
        assert!(others_during(2, 3).await <= 2);
        let runs = others_during(100, 100).await;
        assert!(runs >= 50, "{runs}");
    }
}
