//! `triptych migrate`: changes or shows the schema of PostgreSQL.

use clap::Subcommand;

use crate::{
    app::{AppError, Databases},
    config::Config,
};

#[derive(Subcommand)]
pub(super) enum Migrate {
    /// Applies all pending migrations
    Up,
    /// Reverts the last migrations. The data of their tables and columns is lost
    Down {
        /// Number of migrations to revert
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Lists the migrations
    Status,
}

impl Migrate {
    pub(super) async fn run(self, config: &Config) -> Result<(), AppError> {
        let databases = Databases::open(config).await?;
        let done = self.migrate(&databases).await;
        databases.close().await;
        done
    }

    async fn migrate(self, databases: &Databases) -> Result<(), AppError> {
        databases.await_postgres().await?;
        let url = databases.postgres_url();
        match self {
            Self::Up => triptych_migration::up(url).await?,
            Self::Down { steps } => triptych_migration::down(url, steps).await?,
            Self::Status => {}
        }
        for migration in triptych_migration::status(url).await? {
            println!("{}  {}", if migration.applied { "applied" } else { "pending" }, migration.name);
        }
        Ok(())
    }
}
