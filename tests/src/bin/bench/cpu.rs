//! CPU time of processes, from `/proc`. Other systems have none, and the report leaves the figures out.

use std::{collections::HashMap, fs, time::Duration};

use sea_orm::sqlx::{self, PgPool};

/// Linux counts CPU time in hundredths of a second on every architecture that it tells programs about.
const TICK: Duration = Duration::from_millis(10);

/// A process whose CPU time is measured.
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    /// This process, without those that it started.
    Itself,
    /// A process with all that descend from it.
    Tree(u32),
}

/// Measures a server and PostgreSQL over the same time.
pub(crate) struct Meter {
    server: Subject,
    postmaster: Subject,
    began: Option<[Duration; 2]>,
}

/// CPU time of the server and of PostgreSQL.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) server: Duration,
    pub(crate) postgres: Duration,
}

impl Cost {
    /// The share of one of so many units.
    pub(crate) fn per(self, units: usize) -> Self {
        let units = u32::try_from(units).unwrap_or(u32::MAX).max(1);
        Self { server: self.server / units, postgres: self.postgres / units }
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { server: self.server + other.server, postgres: self.postgres + other.postgres }
    }
}

impl Meter {
    pub(crate) fn start(server: Subject, postmaster: u32) -> Self {
        let mut meter = Self { server, postmaster: Subject::Tree(postmaster), began: None };
        meter.began = meter.read();
        meter
    }

    /// What was used since the start; `None` where it cannot be known.
    pub(crate) fn stop(self) -> Option<Cost> {
        let ([server, postgres], [server_then, postgres_then]) = (self.read()?, self.began?);
        Some(Cost {
            server: server.saturating_sub(server_then),
            postgres: postgres.saturating_sub(postgres_then),
        })
    }

    fn read(&self) -> Option<[Duration; 2]> {
        let processes = processes();
        Some([used(&processes, self.server)?, used(&processes, self.postmaster)?])
    }
}

/// The process that PostgreSQL's other processes descend from: the parent of any connection's.
pub(crate) async fn postmaster(pool: &PgPool) -> u32 {
    let (backend,): (i32,) =
        sqlx::query_as("SELECT pg_backend_pid()").fetch_one(pool).await.expect("PostgreSQL answers");
    let backend = u32::try_from(backend).expect("a process id");
    processes().get(&backend).map_or(backend, |process| process.parent)
}

struct Process {
    parent: u32,
    /// Its own and its threads'.
    own: Duration,
    /// Of its children that have ended.
    children: Duration,
}

fn used(processes: &HashMap<u32, Process>, subject: Subject) -> Option<Duration> {
    let root = match subject {
        Subject::Itself => return processes.get(&std::process::id()).map(|process| process.own),
        Subject::Tree(root) => root,
    };
    processes.get(&root)?;
    let belongs = |mut id: u32| {
        while id != root {
            match processes.get(&id) {
                Some(process) => id = process.parent,
                None => return false,
            }
        }
        true
    };
    let members = processes.iter().filter(|(id, _)| belongs(**id));
    Some(members.map(|(_, process)| process.own + process.children).sum())
}

fn processes() -> HashMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            // A process that has just ended has no file any more; its time is in its parent's.
            Some((id, parse(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
        })
        .collect()
}

/// The name, in parentheses, may hold spaces; what follows it does not.
fn parse(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks = |index: usize| Some(TICK * fields.get(index)?.parse::<u32>().ok()?);
    Some(Process {
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        children: ticks(13)? + ticks(14)?,
    })
}
