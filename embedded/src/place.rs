//! The folders of an instance. The data is in its root folder, or, when the engines run as another user that cannot
//! access that folder (such as a checkout in root's home), in a folder of the system.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::EngineError;
use super::account::Account;

/// Parent of the data folders when the engines' user cannot access the root folder.
const SYSTEM_DATA: &str = "/var/lib/triptych";

/// The path of a Unix socket has at most 108 bytes; this leaves room for PostgreSQL's file name.
const LONGEST_SOCKET_FOLDER: usize = 80;

#[derive(Debug, Clone)]
pub(super) struct Place {
    data: PathBuf,
    sockets: PathBuf,
    pub(super) account: Option<Account>,
}

/// A folder for temporary files that the engines' user can access.
pub(super) fn temporary(account: Option<&Account>) -> PathBuf {
    let folder = std::env::temp_dir();
    if account.is_none_or(|account| account.reaches(&folder)) { folder } else { PathBuf::from("/tmp") }
}

/// A folder for throw-away data: in memory if there is enough, so that writes do not wait for a disk.
pub(super) fn fast_temporary() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const PLENTY: u64 = 4 << 30;
    let free = rustix::fs::statvfs(MEMORY).map_or(0, |volume| volume.f_bavail * volume.f_frsize);
    let writable = rustix::fs::access(MEMORY, rustix::fs::Access::WRITE_OK).is_ok();
    if free >= PLENTY && writable { PathBuf::from(MEMORY) } else { std::env::temp_dir() }
}

/// Creates the root folder: private, but with search permission where another user runs the engines in it.
pub(super) fn create_root(root: &Path, account: Option<&Account>) -> Result<(), EngineError> {
    let mode = if account.is_some() { 0o711 } else { 0o700 };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(root)
        .map_err(EngineError::file("create", root))
}

impl Place {
    pub(super) fn choose(root: &Path, account: Option<Account>) -> Result<Self, EngineError> {
        let root = root.canonicalize().map_err(EngineError::file("resolve", root))?;
        let mut hasher = DefaultHasher::new();
        root.hash(&mut hasher);
        let name = format!("{:016x}", hasher.finish());

        let data = match &account {
            None => root,
            Some(account) => {
                let elsewhere = Path::new(SYSTEM_DATA).join(&name);
                if elsewhere.exists() {
                    elsewhere
                } else if account.reaches(&root) {
                    root
                } else if root.join("postgres").exists() {
                    // Empty databases beside existing ones would look like a loss of data.
                    return Err(EngineError::Unreachable { root, account: account.name.clone() });
                } else {
                    tracing::info!(data = %elsewhere.display(), account = %account.name, "storing the databases in a folder that their user can access");
                    elsewhere
                }
            }
        };
        let sockets = data.join("sockets");
        let sockets = if sockets.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
            sockets
        } else {
            temporary(account.as_ref()).join(format!("triptych-{name}"))
        };
        Ok(Self { data, sockets, account })
    }

    /// Creates the folders; those of the engines are private to the user that runs them.
    pub(super) fn create(&self) -> Result<(), EngineError> {
        let path = &self.data;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(path)
            .map_err(EngineError::file("create", path))?;
        for folder in &self.folders() {
            self.create_private(folder)?;
        }
        Ok(())
    }

    /// Creates a folder that only the engines' user may enter, or makes an existing one private.
    pub(super) fn create_private(&self, folder: &Path) -> Result<(), EngineError> {
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => self.require_own(folder)?,
            Err(error) => return Err(EngineError::file("create", folder)(error)),
            Ok(()) => {}
        }
        if let Some(account) = &self.account {
            std::os::unix::fs::lchown(folder, Some(account.uid), Some(account.gid))
                .map_err(EngineError::file("change the owner of", folder))?;
        }
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
            .map_err(EngineError::file("set the permissions of", folder))
    }

    /// Makes a file belong to the engines' user.
    pub(super) fn give(&self, file: &Path) -> Result<(), EngineError> {
        match &self.account {
            Some(account) => std::os::unix::fs::lchown(file, Some(account.uid), Some(account.gid))
                .map_err(EngineError::file("change the owner of", file)),
            None => Ok(()),
        }
    }

    /// Refuses a folder or link that another user may have created, above all in a shared folder for temporary files.
    fn require_own(&self, folder: &Path) -> Result<(), EngineError> {
        let metadata = folder.symlink_metadata().map_err(EngineError::file("read", folder))?;
        let ours =
            [Some(rustix::process::geteuid().as_raw()), self.account.as_ref().map(|account| account.uid)];
        if metadata.is_dir() && ours.contains(&Some(metadata.uid())) {
            return Ok(());
        }
        let reason = format!("it belongs to another user (uid {}) or is not a folder", metadata.uid());
        Err(EngineError::file("use", folder)(std::io::Error::other(reason)))
    }

    /// Removes the folders of the engines, but not their parent, which belongs to the caller.
    pub(super) fn remove_data(&self) -> Result<(), EngineError> {
        for folder in &self.folders() {
            match std::fs::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(EngineError::file("remove", folder)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Every folder that engines write to.
    pub(super) fn folders(&self) -> [PathBuf; 5] {
        [
            self.log_folder(),
            self.sockets.clone(),
            self.engine("postgres"),
            self.engine("mongo"),
            self.engine("redis"),
        ]
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// The data folder of one engine, which is also its working directory.
    pub(super) fn engine(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.log_folder().join(format!("{name}.log"))
    }

    fn log_folder(&self) -> PathBuf {
        self.data.join("log")
    }
}
