//! One running engine: started so that it ends with this process, watched, and ended.

use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::place::Place;
use super::{EngineError, binaries, files, spawner};

/// Time limit until an engine is ready, including recovery after a crash.
const START_LIMIT: Duration = Duration::from_mins(1);

/// Time limit of a clean shutdown.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// How an engine is run.
pub(super) struct Launch {
    /// For messages: "PostgreSQL".
    pub(super) engine: &'static str,
    /// Name of its data folder and its log.
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Written to its standard input. Passwords belong here, as every user can read arguments.
    pub(super) input: String,
    /// The signal of a clean shutdown.
    pub(super) graceful: Signal,
    /// The signal that ends it at once, with its child processes.
    pub(super) immediate: Signal,
}

#[derive(Debug)]
pub(super) struct EngineProcess {
    engine: &'static str,
    child: Child,
    log: PathBuf,
    graceful: Signal,
    immediate: Signal,
}

/// A command that runs as the user of the engines.
pub(super) fn command(program: &Path, place: &Place) -> Command {
    let mut command = Command::new(program);
    if let Some(account) = &place.account {
        command.uid(account.uid).gid(account.gid);
    }
    // Settings for other servers and tools of this user must not affect the engines, and secrets of this process are not
    // theirs. `PATH` is for programs that initdb starts, the others for where libraries and temporary files are.
    command.env_clear();
    for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR"] {
        #[expect(clippy::disallowed_methods, reason = "passed on, not read as a setting")]
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The name of a signal for `setpriv`, which accepts no numbers.
fn name_of(signal: Signal) -> &'static str {
    if signal == Signal::INT { "INT" } else { "TERM" }
}

impl EngineProcess {
    pub(super) async fn spawn(launch: Launch, place: &Place) -> Result<Self, EngineError> {
        let log = place.log(launch.name);
        let output = files::create_anew(&log).map_err(EngineError::file("open", &log))?;
        let errors = output.try_clone().map_err(EngineError::file("open", &log))?;

        let mut command = match binaries::setpriv() {
            Some(setpriv) => {
                let mut command = command(&setpriv, place);
                command.arg("--pdeathsig").arg(name_of(launch.graceful)).arg("--").arg(&launch.program);
                command
            }
            None => command(&launch.program, place),
        };
        command
            .args(&launch.arguments)
            .current_dir(place.engine(launch.name))
            // A process group of its own: Ctrl-C in a terminal signals the whole group of the server, and the engines
            // have to outlive the shutdown of the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors);
        let failed = |source| EngineError::Start {
            engine: launch.engine,
            reason: format!("{} could not be run: {source}", launch.program.display()),
            log: log.clone(),
            tail: Vec::new(),
            advice: "Check that the program can be run by the user of the databases.",
        };
        let mut child = spawner::spawn(command).await.map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            // `until_ready` reports an engine that ended before reading its input.
            let _ = input.write_all(launch.input.as_bytes());
        }
        Ok(Self { engine: launch.engine, child, log, graceful: launch.graceful, immediate: launch.immediate })
    }

    /// Waits until `ready` completes. Fails, with the end of the log, when the engine ends before, when the check fails,
    /// or past the time limit.
    pub(super) async fn until_ready<F, E>(
        &mut self,
        ready: F,
        advice: &'static str,
    ) -> Result<(), EngineError>
    where
        F: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let reason = tokio::select! {
            result = tokio::time::timeout(START_LIMIT, ready) => match result {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("it was not ready within {} s.", START_LIMIT.as_secs()),
            },
            status = exit(&mut self.child) => format!("it exited with {status}."),
        };
        Err(EngineError::Start {
            engine: self.engine,
            reason,
            log: self.log.clone(),
            tail: tail(&self.log),
            advice,
        })
    }

    /// Ends the engine and waits until it has ended; kills it past the time limit.
    pub(super) async fn stop(&mut self, gracefully: bool) {
        self.signal(if gracefully { self.graceful } else { self.immediate });
        if tokio::time::timeout(STOP_LIMIT, exit(&mut self.child)).await.is_err() {
            tracing::warn!(engine = self.engine, "engine did not stop within its time limit, killing it");
            self.signal(Signal::KILL);
            exit(&mut self.child).await;
        }
    }

    fn signal(&mut self, signal: Signal) {
        // After the child has been waited for, its process id may belong to another process.
        if matches!(self.child.try_wait(), Ok(None))
            && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for EngineProcess {
    /// For paths without `stop`: a failed start of another engine, a panic.
    fn drop(&mut self) {
        self.signal(self.graceful);
    }
}

async fn exit(child: &mut Child) -> String {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => return format!("an unknown status ({error})"),
        }
    }
}

/// The last lines of a log, shortened to what fits a terminal.
pub(super) fn tail(log: &Path) -> Vec<String> {
    const BYTES: u64 = 16 * 1024;
    const LINES: usize = 8;
    const WIDTH: usize = 400;
    let read = || -> std::io::Result<String> {
        let mut file = std::fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(LINES))
        .map(|line| line.chars().take(WIDTH).collect())
        .collect()
}
