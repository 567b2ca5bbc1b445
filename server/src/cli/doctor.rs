//! `triptych doctor`: how each database is, in a table.

use std::process::ExitCode;

use triptych_services::checkup::{Checkup, checkup};

use crate::{app::Databases, config::Config};

/// Clocks that differ by more than this confuse schedules and expiries.
const CLOCK_TOLERANCE_MS: i64 = 1_000;

pub(super) async fn run(config: Config) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let databases = Databases::open(&config).await?;
    let checkups = checkup(&databases.store_config(&config)).await;
    let pending = match triptych_migration::status(databases.postgres_url()).await {
        Ok(migrations) => {
            let pending = migrations.iter().filter(|migration| !migration.applied).count();
            format!("{pending} pending of {}", migrations.len())
        }
        Err(error) => error.to_string(),
    };
    databases.close().await;
    println!("{:<15} {:<12} {:<34} {:>10} {:>12}", "database", "reachable", "version", "latency", "clock");
    let mut well = true;
    for Checkup { store, outcome } in checkups {
        match outcome {
            Ok(vitals) => {
                let off = vitals.clock_offset_ms;
                well &= off.abs() <= CLOCK_TOLERANCE_MS;
                println!(
                    "{store:<15} {:<12} {:<34} {:>7.1} ms {off:>+9} ms",
                    "yes", vitals.version, vitals.latency_ms
                );
            }
            Err(error) => {
                well = false;
                println!("{store:<15} {:<12} {error}", "no");
            }
        }
    }
    println!("migrations: {pending}");
    well &= pending.starts_with("0 ");
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
