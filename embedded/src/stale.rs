//! What an instance that was killed may have left behind: engines on their way down. Files they leave
//! (`postmaster.pid`, `mongod.lock`) are taken over by the engines themselves once no process owns them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::place::Place;

/// Long enough to write a full cache to a slow disk.
const PATIENCE: Duration = Duration::from_secs(20);

const ENGINES: [(&str, &str, Signal); 3] = [
    ("postgres", "postgres", Signal::INT),
    ("mongo", "mongod", Signal::TERM),
    ("redis", "redis-server", Signal::TERM),
];

/// Ends engines that still run on this place's data and waits until they have ended. The caller holds the
/// folder's lock, so whatever runs there belongs to nobody.
pub(super) async fn end_leftovers(place: &Place) {
    let folders: Vec<_> = ENGINES.iter().map(|(folder, _, _)| place.engine(folder)).collect();
    let waited = tokio::time::timeout(PATIENCE, async {
        let mut asked = false;
        loop {
            let left = leftovers(&folders);
            if left.is_empty() {
                return;
            }
            if !asked {
                tracing::info!(count = left.len(), "waiting for databases of an instance that was killed");
                signal(&left, None);
                asked = true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    if waited.await.is_err() {
        let left = leftovers(&folders);
        tracing::warn!(count = left.len(), "ending databases of an instance that was killed by force");
        signal(&left, Some(Signal::KILL));
        // The kernel needs a moment to take the processes down; an engine that starts before that says so itself.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A process is ours if its program is an engine and its working directory that engine's data folder. Process
/// ids in files prove neither: the number may have been given to someone else since.
fn leftovers(folders: &[PathBuf]) -> Vec<(Pid, Signal)> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    processes.flatten().filter_map(|entry| owned(&entry.path(), folders)).collect()
}

fn owned(process: &Path, folders: &[PathBuf]) -> Option<(Pid, Signal)> {
    let pid = process.file_name()?.to_str()?.parse().ok().and_then(Pid::from_raw)?;
    let directory = std::fs::read_link(process.join("cwd")).ok()?;
    let index = folders.iter().position(|folder| *folder == directory)?;
    let program = std::fs::read_to_string(process.join("comm")).ok()?;
    let (_, name, signal) = ENGINES[index];
    (program.trim_end() == name).then_some((pid, signal))
}

fn signal(processes: &[(Pid, Signal)], force: Option<Signal>) {
    for (pid, graceful) in processes {
        // It may have ended in between, which is what is wanted.
        let _ = kill_process(*pid, force.unwrap_or(*graceful));
    }
}
