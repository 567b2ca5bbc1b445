//! `triptych migrate`: the schema of PostgreSQL, up, down, and how it stands.

use clap::Subcommand;

use crate::{
    app::{AppError, Databases},
    config::Config,
};

/// What to do with the schema.
#[derive(Subcommand)]
pub(super) enum Migrate {
    /// Applies every migration that was not.
    Up,
    /// Takes back the last migrations. What they held is lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Lists the migrations.
    Status,
}

impl Migrate {
    pub(super) async fn run(self, config: &Config) -> Result<(), AppError> {
        let databases = Databases::open(config).await?;
        let done = self.migrate(databases.postgres_url()).await;
        databases.close().await;
        done
    }

    async fn migrate(self, url: &str) -> Result<(), AppError> {
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
