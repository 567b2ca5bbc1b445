//! Removes the data of throw-away engines when the process ends without stopping them, as every test program
//! does. A small shell waits for the end of a pipe that only this process holds; whatever ends the process
//! ends the pipe.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// First the engines get a second to end. The lock tells whether another instance has the folder by then.
const SCRIPT: &str = r#"read -r _; sleep 1
root=$1; shift
flock --nonblock "$root/lock" rm -rf -- "$@" "$root/engines.json" "$root/lock"
rmdir -- "$root""#;

#[derive(Debug)]
pub(super) struct Sweeper {
    shell: Option<Child>,
}

impl Sweeper {
    /// Watches over the folders. That it cannot be started costs disk space only, so it is no error.
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
            tracing::debug!(%error, "nothing will remove the data of throw-away engines after a crash");
        }
        Self { shell: shell.ok() }
    }

    /// Calls it off: the data has been removed.
    pub(super) fn dismiss(mut self) {
        if let Some(mut shell) = self.shell.take() {
            // It may have ended by itself, which is as good.
            let _ = shell.kill();
            let _ = shell.wait();
        }
    }
}
