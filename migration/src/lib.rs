//! Migrations of the PostgreSQL schema, one concern each, each reversible.
//!
//! A migration is a pair of SQL files under `sql/`: what a database administrator reads is what runs. It must
//! not depend on entities or services, so that an old migration is not changed by new code.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectOptions, Database, DatabaseConnection},
};

/// A failed migration, or a database that does not answer.
pub type MigrationError = DbErr;

/// One migration.
struct SqlMigration {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.down).await.map(|_| ())
    }
}

/// Declares a pair of files. A macro, because `include_str!` requires literals.
macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        vec![$(Box::new(SqlMigration {
            name: $name,
            up: include_str!(concat!("sql/", $name, ".up.sql")),
            down: include_str!(concat!("sql/", $name, ".down.sql")),
        })),+]
    };
}

/// The migrations in the order in which they are applied.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations![
            "m0001_identity",
            "m0002_flows",
            "m0003_credentials",
            "m0004_steps",
            "m0005_triggers",
            "m0006_executions",
            "m0007_outbox",
            "m0008_datastore",
            "m0009_step_due_times",
            "m0010_step_exits",
            "m0011_step_kinds",
            "m0012_built_in_roles",
            "m0013_flow_notes",
            "m0030_lost_claims",
            "m0031_usage_counters",
            "m0050_users_without_password",
            "m0060_access",
            "m0061_audit",
            "m0062_members",
            "m0070_delayed_steps",
            "m0071_schedule_firings",
            "m0075_deletions",
            "m0076_thread_deletions",
            "m0080_credential_hosts",
            "m0085_account_deletions",
            "m0086_mail",
        ]
    }
}

/// Time limits of a migration: for its statements, as those of large tables take long, and for its locks, as what it waits
/// for makes others wait.
const LIMITS: [(&str, &str); 2] = [("statement_timeout", "6h"), ("lock_timeout", "1min")];

/// The state of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    pub name: String,
    pub applied: bool,
}

/// Applies all pending migrations.
///
/// # Errors
/// The first migration that fails, which is rolled back.
pub async fn up(url: &str) -> Result<(), MigrationError> {
    Migrator::up(&connect(url).await?, None).await
}

/// Reverts the last `steps` migrations.
///
/// # Errors
/// The first migration that fails, which is rolled back.
pub async fn down(url: &str, steps: u32) -> Result<(), MigrationError> {
    Migrator::down(&connect(url).await?, Some(steps)).await
}

/// Lists all migrations in order.
///
/// # Errors
/// If the database does not answer.
pub async fn status(url: &str) -> Result<Vec<Migration>, MigrationError> {
    let db = connect(url).await?;
    Migrator::install(&db).await?;
    let applied: Vec<String> = Migrator::get_applied_migrations(&db)
        .await?
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    Ok(Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .map(|name| Migration { applied: applied.contains(&name), name })
        .collect())
}

async fn connect(url: &str) -> Result<DatabaseConnection, MigrationError> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_postgres_opts(|postgres| postgres.options(LIMITS));
    Database::connect(options).await
}
