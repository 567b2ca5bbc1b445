//! The command line.

mod doctor;
mod migrate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    app::{self, App, Role},
    config::{Config, LogFormat, Overrides, TelemetryConfig},
};

/// One GraphQL API over PostgreSQL, MongoDB and Redis.
#[derive(Parser)]
#[command(name = "triptych", version, about)]
struct Cli {
    /// They override the environment and the file.
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves requests and runs jobs, in one process
    Serve,
    /// Serves requests only
    Api,
    /// Runs jobs only
    Worker,
    /// Changes or shows the schema of PostgreSQL
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Creates the demo organization in a database without organizations
    Seed {
        /// Confirms that the database is one for a demo
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Prints the GraphQL schema
    Schema,
    /// Checks each database: reachability, version, latency, clock, pending migrations
    Doctor,
    /// Prints the effective configuration, without secrets
    Config,
    /// Re-encrypts all credentials with the current master key
    RotateCredentials,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("triptych: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(cli: Cli) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if matches!(cli.command, Command::Schema) {
        print!("{}", triptych_schema::Api::sdl());
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::load(&cli.overrides)?;
    if matches!(cli.command, Command::Config) {
        print!("{}", config.to_redacted_toml()?);
        return Ok(ExitCode::SUCCESS);
    }
    log_to_stderr(&config.telemetry);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(execute_on_databases(cli.command, config))
}

async fn execute_on_databases(
    command: Command,
    config: Config,
) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match command {
        Command::Serve => app::run(config, Role::Everything).await?,
        Command::Api => app::run(config, Role::Api).await?,
        Command::Worker => app::run(config, Role::Worker).await?,
        Command::Migrate(migrate) => migrate.run(&config).await?,
        Command::Doctor => return doctor::run(config).await,
        Command::Seed { demo: _ } => {
            let app = App::open(config).await?;
            let seeded = app::seed_empty(&app.services).await;
            app.close().await;
            seeded?;
            println!("The demo organization was created.");
        }
        Command::RotateCredentials => {
            let app = App::open(config).await?;
            let rotated = app.services.credentials.rotate().await;
            app.close().await;
            println!("{} credentials were re-encrypted.", rotated?);
        }
        // Handled above, without databases.
        Command::Schema | Command::Config => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn log_to_stderr(telemetry: &TelemetryConfig) {
    // The levels were validated with the configuration. The providers' library logs whole answers of providers, some
    // of which quote the API key; the engine logs their status and code instead.
    // Levels by module need no look-up of spans, unlike an `EnvFilter`.
    let levels: Targets = format!("{},genai=off", telemetry.log).parse().unwrap_or_default();
    let registry = tracing_subscriber::registry().with(levels);
    let layer = fmt::layer().with_writer(std::io::stderr);
    match telemetry.format {
        LogFormat::Text => registry.with(layer).init(),
        LogFormat::Json => registry.with(layer.json()).init(),
    }
}
