//! Removes the data of throw-away engines when the process ends without stopping them, as every test program does. A
//! shell waits for the end of a pipe that only this process holds, and which the kernel closes when the process ends.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Waits a second for the engines to end. The lock shows whether another instance uses the folder by then.
const SCRIPT: &str = r#"read -r _; sleep 1
root=$1; shift
flock --nonblock "$root/lock" rm -rf -- "$@" "$root/engines.json" "$root/lock"
rmdir -- "$root""#;

#[derive(Debug)]
pub(super) struct Sweeper {
    shell: Option<Child>,
}

impl Sweeper {
    /// Starts the shell. Without it, data may stay on the disk, which is no error.
    pub(super) fn start<'a>(root: &Path, folders: impl IntoIterator<Item = &'a Path>) -> Self {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sweeper"])
            .arg(root)
            .args(folders)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        if let Err(error) = &shell {
            tracing::debug!(%error, "starting the sweeper failed; the data of throw-away engines may remain");
        }
        Self { shell: shell.ok() }
    }

    /// Ends the shell: the data has been removed.
    pub(super) fn dismiss(mut self) {
        if let Some(mut shell) = self.shell.take() {
            // It may have ended by itself.
            let _ = shell.kill();
            let _ = shell.wait();
        }
    }
}
