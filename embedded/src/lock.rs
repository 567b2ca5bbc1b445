//! At most one instance uses a folder. The kernel releases the lock of an open file when its process ends, so a crash
//! leaves no lock behind. The process id in the file is for the error message only.

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
                // The holder may not have written its id yet; then the message has none.
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

    /// Unlocks the folder, as dropping does; makes the order explicit.
    pub(super) fn release(self) {
        drop(self.file);
    }
}
