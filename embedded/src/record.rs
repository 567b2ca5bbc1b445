//! `engines.json`: URLs of the running engines, and the ports for the next start.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{EngineError, Started};

const FILE: &str = "engines.json";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    /// Whether the folder contains durable data.
    pub(super) durable: bool,
    /// Folder of the data, which is not always the folder of this file.
    pub(super) data: PathBuf,
    pub(super) postgres_url: Option<String>,
    pub(super) mongo_url: Option<String>,
    pub(super) redis_url: Option<String>,
    pub(super) mongo_port: Option<u16>,
    pub(super) redis_port: Option<u16>,
}

impl Record {
    /// The record of the last start. Without a readable file, the engines get new ports.
    pub(super) fn load(root: &Path) -> Self {
        std::fs::read(root.join(FILE))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Takes over the engines of this start: PostgreSQL, MongoDB, Redis. An engine that is not started keeps its port.
    pub(super) fn update(&mut self, durable: bool, data: &Path, engines: &[Option<Started>; 3]) {
        let url = |started: &Option<Started>| started.as_ref().map(|started| started.url.clone());
        let port = |started: &Option<Started>| started.as_ref().and_then(|started| started.port);
        let [postgres, mongo, redis] = engines;
        self.durable = durable;
        self.data = data.to_path_buf();
        self.postgres_url = url(postgres);
        self.mongo_url = url(mongo);
        self.redis_url = url(redis);
        self.mongo_port = port(mongo).or(self.mongo_port);
        self.redis_port = port(redis).or(self.redis_port);
    }

    /// Replaces the file atomically. Readable by its owner only, as the URLs contain a password.
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
