//! `engines.json`: how to reach the running engines by hand, and the ports to use again.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::EngineError;

const FILE: &str = "engines.json";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    /// Whether the folder holds data to keep.
    pub(super) durable: bool,
    /// Where the data lies, which is not always the folder of this file.
    pub(super) data: PathBuf,
    pub(super) postgres_url: Option<String>,
    pub(super) mongo_url: Option<String>,
    pub(super) redis_url: Option<String>,
    pub(super) mongo_port: Option<u16>,
    pub(super) redis_port: Option<u16>,
}

impl Record {
    /// The record of the last start. A missing or damaged file only costs the old ports.
    pub(super) fn load(root: &Path) -> Self {
        std::fs::read(root.join(FILE))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Replaces the file as a whole, readable by its owner only, for the URLs hold a password.
    pub(super) fn store(&self, root: &Path) -> Result<(), EngineError> {
        let (path, draft) = (root.join(FILE), root.join("engines.json.new"));
        let write = || {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&draft)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(EngineError::file("write", &path))
    }
}
