//! The pool of connections to PostgreSQL. Each pool here has one connection, so that each statement meets what the
//! statement before it has left.

use std::time::{Duration, Instant};

use futures::FutureExt as _;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TryGetable};
use triptych_server::services::postgres::{Postgres, PostgresConfig};

use crate::harness::{attempts, engines};

/// Longer than what is waited for takes.
const PATIENCE: Duration = Duration::from_secs(30);

async fn pool(name: &str) -> Postgres {
    pool_within(name, Duration::from_secs(10)).await
}

async fn pool_within(name: &str, acquire_timeout: Duration) -> Postgres {
    let url = engines().await.copy_database(&format!("pool_{name}_{}", std::process::id())).await;
    let db = limited(&url, acquire_timeout, Duration::from_secs(30));
    db.execute_unprepared("CREATE TABLE notes (note int PRIMARY KEY)").await.unwrap();
    db
}

fn limited(url: &str, acquire_timeout: Duration, statement_timeout: Duration) -> Postgres {
    let url = url.to_owned().into();
    let config = PostgresConfig {
        url: &url,
        connections: 1,
        acquire_timeout,
        statement_timeout,
        lock_timeout: Duration::from_secs(1),
        settings: &[],
    };
    Postgres::new(&config).unwrap()
}

async fn value<T: TryGetable>(db: &impl ConnectionTrait, sql: &str) -> Result<T, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.expect("a row").try_get_by_index(0)
}

/// The number of the process that serves the connection.
async fn process(db: &impl ConnectionTrait) -> i32 {
    value(db, "SELECT pg_backend_pid()").await.unwrap()
}

#[tokio::test]
async fn statements_share_a_connection() {
    let db = pool("shared").await;
    let first = process(&db).await;
    let failed = db.execute_unprepared("INSERT INTO notes VALUES (1), (1)").await;
    assert!(matches!(failed, Err(DbErr::Exec(_))), "{failed:?}");
    assert_eq!(process(&db).await, first);
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, "SELECT generate_series(1, 3)"));
    assert_eq!(rows.await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_next_statement_does_not_get_the_rows_of_a_cancelled_one() {
    let db = pool("cancelled").await;
    let first = process(&db).await;
    let slow = value::<i32>(&db, "SELECT 1 FROM pg_sleep(0.3)");
    assert!(tokio::time::timeout(Duration::from_millis(100), slow).await.is_err());
    assert_eq!(value::<i32>(&db, "SELECT 2").await, Ok(2));
    // The rest of the response was read; the connection was not replaced.
    assert_eq!(process(&db).await, first);
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    let db = pool("dropped").await;
    let tx = db.begin().await.unwrap();
    tx.execute_unprepared("INSERT INTO notes VALUES (1)").await.unwrap();
    drop(tx);
    let failed = db.begin().await.unwrap();
    failed.execute_unprepared("INSERT INTO notes VALUES (2), (2)").await.unwrap_err();
    drop(failed);
    let never_polled = db.begin();
    drop(never_polled);
    let begun = db.begin().now_or_never();
    assert!(begun.is_none(), "PostgreSQL has answered already");
    assert_eq!(value::<i64>(&db, "SELECT count(*) FROM notes").await, Ok(0));
    let committed = db.begin().await.unwrap();
    committed.execute_unprepared("INSERT INTO notes VALUES (3)").await.unwrap();
    committed.commit().await.unwrap();
    let rolled_back = db.begin().await.unwrap();
    rolled_back.execute_unprepared("INSERT INTO notes VALUES (4)").await.unwrap();
    rolled_back.rollback().await.unwrap();
    assert_eq!(value::<i32>(&db, "SELECT sum(note)::int FROM notes").await, Ok(3));
}

#[tokio::test]
async fn a_lost_connection_is_replaced() {
    let db = pool("lost").await;
    let first = process(&db).await;
    db.execute_unprepared("SELECT pg_terminate_backend(pg_backend_pid())").await.unwrap_err();
    // The failed connection has been tested and closed; no statement meets it.
    assert_ne!(process(&db).await, first);
    let tx = db.begin().await.unwrap();
    tx.execute_unprepared("SELECT pg_terminate_backend(pg_backend_pid())").await.unwrap_err();
    tx.commit().await.unwrap_err();
    assert_eq!(value::<i32>(&db, "SELECT 1").await, Ok(1));
}

#[tokio::test]
async fn waiting_for_a_connection_has_a_limit() {
    let db = pool_within("waiting", Duration::from_millis(200)).await;
    let tx = db.begin().await.unwrap();
    let waited = value::<i32>(&db, "SELECT 1").await;
    assert!(matches!(waited, Err(DbErr::ConnectionAcquire(_))), "{waited:?}");
    tx.commit().await.unwrap();
    assert_eq!(value::<i32>(&db, "SELECT 1").await, Ok(1));
}

#[tokio::test]
async fn a_statement_a_lock_and_an_idle_transaction_have_time_limits() {
    let url = engines().await.copy_database(&format!("pool_limits_{}", std::process::id())).await;
    let (db, other) = (
        limited(&url, Duration::from_secs(5), Duration::from_millis(1_500)),
        limited(&url, PATIENCE, PATIENCE),
    );
    let begun = Instant::now();
    value::<i32>(&db, "SELECT 1 FROM pg_sleep(20)").await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    let tx = other.begin().await.unwrap();
    tx.execute_unprepared("LOCK TABLE flows").await.unwrap();
    let error = value::<i64>(&db, "SELECT count(*) FROM flows").await.unwrap_err();
    assert!(error.to_string().contains("lock timeout"), "{error}");
    tx.rollback().await.unwrap();

    let tx = db.begin().await.unwrap();
    tx.execute_unprepared("LOCK TABLE flows").await.unwrap();
    // PostgreSQL ends the session of a transaction that does nothing, and frees its locks.
    let mut patience = attempts(PATIENCE);
    while value::<i64>(&other, "SELECT count(*) FROM flows").await != Ok(0) {
        assert!(patience.next().await, "the locks are not freed");
    }
    tx.execute_unprepared("SELECT 1").await.unwrap_err();
    drop(tx);

    // Maintenance has a limit of its own.
    let tx = db.begin_maintenance(PATIENCE).await.unwrap();
    assert_eq!(value::<i32>(&tx, "SELECT 1 FROM pg_sleep(2)").await, Ok(1));
    tx.commit().await.unwrap();
}
