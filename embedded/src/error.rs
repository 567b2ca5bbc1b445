//! Why engines did not start, worded for the person who ran the command.

use std::path::PathBuf;

/// Each message says what happened and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "another instance{} is using {}. Stop it, or choose another folder with `embedded.root`.",
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        .root.display()
    )]
    Locked { root: PathBuf, pid: Option<i32> },

    #[error(
        "{engine} is not installed: no `{program}` {looked}. Run `make install`, or set {setting} to a server that runs already."
    )]
    Missing { engine: &'static str, program: &'static str, looked: &'static str, setting: &'static str },

    #[error("{engine} did not start: {reason}\n{}{advice}", log_section(.log, .tail))]
    Start { engine: &'static str, reason: String, log: PathBuf, tail: Vec<String>, advice: &'static str },

    #[error("{} holds data that is to be kept; throw-away engines need a folder of their own.", .root.display())]
    HoldsData { root: PathBuf },

    #[error(
        "the databases in {} cannot be reached by the user `{account}` that has to run them. \
         Let that user pass through the folders above it (chmod o+x), or start in another folder.",
        .root.display()
    )]
    Unreachable { root: PathBuf, account: String },

    #[error(
        "the databases must not run as root, and there is neither a user `postgres` nor `nobody`. Create one, or start as an ordinary user."
    )]
    NoAccount,

    #[error("could not {action} {}: {source}", .path.display())]
    File { action: &'static str, path: PathBuf, source: std::io::Error },
}

impl EngineError {
    /// For `map_err` on file operations.
    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

fn log_section(log: &std::path::Path, tail: &[String]) -> String {
    if tail.is_empty() {
        return String::new();
    }
    let lines = tail.iter().fold(String::new(), |lines, line| lines + "  | " + line + "\n");
    format!("The last lines of {}:\n{lines}", log.display())
}
