//! Why engines did not start, and what to do about it.

use std::path::PathBuf;

/// Each message names the problem and its remedy.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(
        "another instance{} is using {}. Stop it, or configure another folder as `embedded.root`.",
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        .root.display()
    )]
    Locked { root: PathBuf, pid: Option<i32> },

    #[error(
        "{engine} is not installed: `{program}` was not found {looked}. Run `make install`, or set {setting} to the URL of a running server."
    )]
    Missing { engine: &'static str, program: &'static str, looked: &'static str, setting: &'static str },

    #[error("{engine} did not start: {reason}\n{}{advice}", log_section(.log, .tail))]
    Start { engine: &'static str, reason: String, log: PathBuf, tail: Vec<String>, advice: &'static str },

    #[error("{} contains durable data; throw-away engines need a folder of their own.", .root.display())]
    HoldsData { root: PathBuf },

    #[error(
        "the user `{account}`, which runs the databases, cannot access {}. \
         Let that user enter the folders above it (chmod o+x), or start in another folder.",
        .root.display()
    )]
    Unreachable { root: PathBuf, account: String },

    #[error(
        "the databases must not run as root, and neither user `postgres` nor `nobody` exists. Create one, or start as an ordinary user."
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
