//! Transactions of `MongoDB`, retried on errors that the server marks as transient.

use std::time::Duration;

use futures::future::BoxFuture;
use mongodb::{
    Client, ClientSession,
    error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{Acknowledgment, ReadConcern, TransactionOptions, WriteConcern},
};

use crate::{connections::Stores, error::StoreError};

/// Maximum number of attempts of a transaction, and of its commit.
const ATTEMPTS: u32 = 12;
/// Time limit of one attempt.
const DEADLINE: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The result of the body of a transaction: `Ok(Err(_))` rolls back and is returned; `Err(_)` rolls back and may be
/// retried.
pub type Attempt<T, E> = Result<Result<T, E>, Error>;

impl Stores {
    /// Runs `body` in a transaction of `MongoDB`, and returns when a majority of the servers has confirmed it. The body
    /// may run several times, so it must only read and write through its session. Waits for the unique indexes.
    ///
    /// # Errors
    /// The outer error: `MongoDB` does not answer or refuses. The inner error is that of the body.
    pub async fn transaction<T, E, F>(&self, body: F) -> Result<Result<T, E>, StoreError>
    where
        F: for<'a> FnMut(&'a mut ClientSession) -> BoxFuture<'a, Attempt<T, E>> + Send,
    {
        self.unique.ensure().await?;
        repeat(self.mongo.client(), body).await
    }
}

/// Runs `body` in a transaction until no other transaction interferes, up to [`ATTEMPTS`] times.
async fn repeat<T, E, F>(client: &Client, mut body: F) -> Result<Result<T, E>, StoreError>
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
    // Dropping the session rolls back too, but only an explicit rollback releases the locks at once.
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
