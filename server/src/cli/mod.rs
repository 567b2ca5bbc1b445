//! The command line.

mod doctor;
mod migrate;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{
    app::{App, Role, run},
    config::{Config, LogFormat, Overrides, TelemetryConfig},
};

/// One GraphQL API over PostgreSQL, MongoDB and Redis.
#[derive(Parser)]
#[command(name = "triptych", version, about)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

/// Settings that every command takes. They win over the environment and the file.
#[derive(Args)]
struct Flags {
    /// The settings' file; `triptych.toml` if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    bind: Option<String>,
    /// PostgreSQL to use instead of a private one.
    #[arg(long, global = true, value_name = "URL")]
    postgres_url: Option<String>,
    /// MongoDB to use instead of a private one.
    #[arg(long, global = true, value_name = "URL")]
    mongo_url: Option<String>,
    /// Redis to use instead of a private one.
    #[arg(long, global = true, value_name = "URL")]
    redis_url: Option<String>,
    /// What to log, such as `info,sqlx=warn`.
    #[arg(long, global = true, value_name = "LEVELS")]
    log: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Answers requests and works the queues, in one process.
    Serve,
    /// Answers requests only.
    Api,
    /// Works the queues only.
    Worker,
    /// Changes the schema of PostgreSQL.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Makes the demo organization.
    Seed,
    /// Prints the GraphQL schema.
    Schema,
    /// Looks at each database: reachable, version, latency, pending migrations, clock.
    Doctor,
    /// Prints the settings in force, without secrets.
    Config,
    /// Seals all credentials with the current master key.
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
    let config = Config::load(&cli.flags.into())?;
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
        Command::Serve => run(config, Role::Everything).await?,
        Command::Api => run(config, Role::Api).await?,
        Command::Worker => run(config, Role::Worker).await?,
        Command::Migrate(migrate) => migrate.run(&config).await?,
        Command::Doctor => return doctor::run(config).await,
        Command::Seed => {
            let app = App::open(config).await?;
            let seeded = crate::app::seed(&app.services).await;
            app.close().await;
            seeded?;
            println!("The demo organization is there; sign in as {}.", crate::app::DEMO_EMAIL);
        }
        Command::RotateCredentials => {
            let app = App::open(config).await?;
            let rotated = app.services.credentials.rotate().await;
            app.close().await;
            println!("{} credentials were sealed anew.", rotated?);
        }
        // Answered before any database is opened.
        Command::Schema | Command::Config => {}
    }
    Ok(ExitCode::SUCCESS)
}

impl From<Flags> for Overrides {
    fn from(flags: Flags) -> Self {
        Self {
            config: flags.config,
            bind: flags.bind,
            postgres_url: flags.postgres_url,
            mongo_url: flags.mongo_url,
            redis_url: flags.redis_url,
            log: flags.log,
        }
    }
}

fn log_to_stderr(telemetry: &TelemetryConfig) {
    // The levels were checked with the configuration. The providers' library logs whole answers of theirs, and some
    // quote the key; what matters of them is logged by us, without it.
    let filter = EnvFilter::try_new(format!("{},genai=off", telemetry.log)).unwrap_or_default();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match telemetry.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
