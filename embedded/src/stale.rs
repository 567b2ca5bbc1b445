//! Engines of a killed instance that are still shutting down. The engines themselves take over the files that are left
//! (`postmaster.pid`, `mongod.lock`) once no process owns them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::place::Place;

/// Time limit of a clean shutdown: long enough to write a full cache to a slow disk.
const STOP_LIMIT: Duration = Duration::from_secs(20);

const ENGINES: [(&str, &str, Signal); 3] = [
    ("postgres", "postgres", Signal::INT),
    ("mongo", "mongod", Signal::TERM),
    ("redis", "redis-server", Signal::TERM),
];

/// Ends engines that still run on the data of this place, and waits until they have ended. The caller holds the lock of
/// the folder, so no running instance owns them.
pub(super) async fn end_leftovers(place: &Place) {
    let folders: Vec<_> = ENGINES.iter().map(|(folder, _, _)| place.engine(folder)).collect();
    let waited = tokio::time::timeout(STOP_LIMIT, async {
        let mut asked = false;
        loop {
            let left = leftovers(&folders);
            if left.is_empty() {
                return;
            }
            if !asked {
                tracing::info!(count = left.len(), "waiting for the databases of a killed instance to end");
                signal(&left, None);
                asked = true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    if waited.await.is_err() {
        let left = leftovers(&folders);
        tracing::warn!(count = left.len(), "killing the databases of a killed instance");
        signal(&left, Some(Signal::KILL));
        // The kernel needs a moment to end the processes; an engine that starts earlier reports the conflict itself.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The processes whose program is an engine and whose working directory is the data folder of that engine. A process id
/// in a file proves neither, as the kernel may have given it to another process.
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
        // It may have ended in the meantime.
        let _ = kill_process(*pid, force.unwrap_or(*graceful));
    }
}
