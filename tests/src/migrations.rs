//! The schema goes up, down to nothing, and up again to the same.

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DbBackend, Statement};
use triptych_server::migration;

use crate::harness::engines;

/// Everything about the schema that a query can tell, as sorted lines.
const SCHEMA: &str = "
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
           || ' ' || COALESCE(column_default, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    ORDER BY line";

async fn lines(url: &str) -> Vec<String> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.unwrap();
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, SCHEMA)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

#[tokio::test]
async fn migrations_go_up_and_down_and_up_to_the_same_schema() {
    let engines = engines().await;
    let name = format!("migrations_{}", std::process::id());
    engines.admin().await.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let url = engines.postgres(&name);

    migration::up(&url).await.unwrap();
    let all = migration::status(&url).await.unwrap();
    assert!(all.iter().all(|migration| migration.applied));
    let first = lines(&url).await;
    assert!(first.len() > 100, "{first:#?}");

    let mut before = first.clone();
    for migration in all.iter().rev() {
        migration::down(&url, 1).await.unwrap();
        let after = lines(&url).await;
        assert!(after.len() < before.len(), "{} took nothing back", migration.name);
        before = after;
    }
    let left: Vec<_> = before.iter().filter(|line| !line.contains("seaql_migrations")).collect();
    assert!(left.is_empty(), "{left:#?}");

    migration::up(&url).await.unwrap();
    assert_eq!(lines(&url).await, first);
}

#[tokio::test]
async fn every_foreign_key_has_an_index_that_begins_with_it() {
    let engines = engines().await;
    let url = engines.copy_database(&format!("foreign_keys_{}", std::process::id())).await;
    let sql = "SELECT c.conrelid::regclass || ' ' || c.conname FROM pg_constraint c
        WHERE c.contype = 'f' AND NOT EXISTS (
            SELECT 1 FROM pg_index i
            WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] = c.conkey)";
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.unwrap();
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    let missing: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
