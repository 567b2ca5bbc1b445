//! PostgreSQL's schema as a sequence of migrations, one concern each, each with a working `down`.
//!
//! A migration is a pair of SQL files under `sql/`: what a database administrator reads is what runs. It must
//! know nothing of entities or services, so that an old migration never changes meaning with new code.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// One step of the schema's history.
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

/// Names the pair of files once; `include_str!` needs literals, which only a macro can put together.
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
        ]
    }
}
