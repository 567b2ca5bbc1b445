//! Transactions of `MongoDB`, repeated when the server says that repeating can help.

use std::time::Duration;

use futures::future::BoxFuture;
use mongodb::{
    Client, ClientSession,
    error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{Acknowledgment, ReadConcern, TransactionOptions, WriteConcern},
};

use crate::error::StoreError;

/// How often a transaction, or its commit, is tried.
const ATTEMPTS: u32 = 12;
/// How long one attempt may take.
const DEADLINE: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// What a transaction's body comes to: `Ok(Err(_))` takes everything back and is the answer, `Err(_)` takes
/// everything back and may be tried again.
pub type Attempt<T, E> = Result<Result<T, E>, Error>;

/// Runs `body` in a transaction that a majority of the servers has confirmed when this returns. The body may run
/// several times and must do nothing but read and write through its session.
///
/// # Errors
/// The outer one: `MongoDB` does not answer, or refuses. The inner one is the body's.
pub async fn transaction<T, E, F>(client: &Client, mut body: F) -> Result<Result<T, E>, StoreError>
where
    F: for<'a> FnMut(&'a mut ClientSession) -> BoxFuture<'a, Attempt<T, E>> + Send,
{
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let tried = tokio::time::timeout(DEADLINE, once(client, &mut body)).await;
        match tried {
            Ok(Err(error)) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) && attempt < ATTEMPTS => {
                tracing::debug!(%error, attempt, "a transaction met another, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(250));
            }
            Ok(result) => return Ok(result?),
            Err(_) => return Err(StoreError::Timeout("MongoDB")),
        }
    }
    Err(StoreError::Timeout("MongoDB"))
}

async fn once<T, E, F>(client: &Client, body: &mut F) -> Attempt<T, E>
where
    F: for<'a> FnMut(&'a mut ClientSession) -> BoxFuture<'a, Attempt<T, E>> + Send,
{
    let options = TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::builder().w(Acknowledgment::Majority).build())
        .build();
    let mut session = client.start_session().await?;
    session.start_transaction().with_options(options).await?;
    // Dropping the session takes back whatever was not committed; saying so frees its locks at once.
    let value = match body(&mut session).await {
        Ok(Ok(value)) => value,
        Ok(Err(refusal)) => {
            let _ = session.abort_transaction().await;
            return Ok(Err(refusal));
        }
        Err(error) => {
            let _ = session.abort_transaction().await;
            return Err(error);
        }
    };
    for attempt in 1.. {
        match session.commit_transaction().await {
            Ok(()) => break,
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(value))
}
