//! One instance a folder. The lock is the kernel's, on an open file, so it cannot be left behind by a crash;
//! the process id inside is only for the message.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::EngineError;

#[derive(Debug)]
pub(super) struct InstanceLock {
    file: File,
}

impl InstanceLock {
    pub(super) fn acquire(root: &Path) -> Result<Self, EngineError> {
        let path = root.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(EngineError::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The holder may not have written its id yet; the message does without it then.
                let _ = file.read_to_string(&mut holder);
                return Err(EngineError::Locked {
                    root: root.to_path_buf(),
                    pid: holder.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(EngineError::file("lock", &path)(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()))
            .map_err(EngineError::file("write", &path))?;
        Ok(Self { file })
    }

    /// Lets the folder go. Dropping does the same; this says so where it matters.
    pub(super) fn release(self) {
        drop(self.file);
    }
}
