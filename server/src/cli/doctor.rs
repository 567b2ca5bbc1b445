//! `triptych doctor`: the state of each database, as a table.

use std::{process::ExitCode, time::Duration};

use triptych_services::health::{self, Health, Store, Vitals};

use crate::{app::Databases, config::Config};

/// Clocks that differ by more than this disturb schedules and expiries.
const CLOCK_TOLERANCE_MS: i64 = 1_000;
/// Time limit of reading the migrations from a PostgreSQL that answers.
const MIGRATIONS_LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn run(config: Config) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let databases = Databases::open(&config).await?;
    let report = health::inspect(&databases.store_config(&config)).await;
    let migrations = migrations(&databases, &report).await;
    databases.close().await;
    println!("{:<15} {:<12} {:<34} {:>10} {:>12}", "database", "reachable", "version", "latency", "clock");
    for health in &report {
        println!("{}", row(health));
    }
    let (text, up_to_date) = match migrations {
        Ok((0, all)) => (format!("0 pending of {all}"), true),
        Ok((pending, all)) => (format!("{pending} pending of {all}; run `triptych migrate up`"), false),
        Err(reason) => (format!("unknown: {reason}"), false),
    };
    println!("migrations: {text}");
    let healthy = up_to_date && report.iter().all(is_healthy);
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(Health { store, answer, .. }: &Health<Vitals>) -> String {
    let store = store.title();
    match answer {
        Ok(Vitals { version, latency, clock_offset_ms }) => {
            let latency = latency.as_secs_f64() * 1000.0;
            format!("{store:<15} {:<12} {version:<34} {latency:>7.1} ms {clock_offset_ms:>+9} ms", "yes")
        }
        Err(reason) => format!("{store:<15} {:<12} {reason}", "no"),
    }
}

fn is_healthy(health: &Health<Vitals>) -> bool {
    matches!(&health.answer, Ok(vitals) if vitals.clock_offset_ms.abs() <= CLOCK_TOLERANCE_MS)
}

/// Pending and all migrations. Not read if PostgreSQL did not answer before.
async fn migrations(databases: &Databases, report: &[Health<Vitals>]) -> Result<(usize, usize), String> {
    let reachable = |health: &Health<Vitals>| health.store == Store::Postgres && health.answer.is_ok();
    if !report.iter().any(reachable) {
        return Err("PostgreSQL is not reachable".to_owned());
    }
    let status = triptych_migration::status(databases.postgres_url());
    let all = tokio::time::timeout(MIGRATIONS_LIMIT, status)
        .await
        .map_err(|_| format!("no answer within {} s", MIGRATIONS_LIMIT.as_secs()))?
        .map_err(|error| error.to_string())?;
    Ok((all.iter().filter(|migration| !migration.applied).count(), all.len()))
}
