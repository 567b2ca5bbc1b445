//! The databases of the trial: private engines on disk that can be ended at once and started again at the same addresses.

use std::path::{Path, PathBuf};

use tokio::process::Command;
use triptych_embedded::{EngineOptions, Engines};

use crate::process::processes_in;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Postgres,
    Mongo,
    Redis,
}

/// One database.
pub(super) struct Database {
    kind: Kind,
    options: EngineOptions,
    /// The URL of the first start, which stays valid.
    pub(super) url: String,
    running: Option<Engines>,
}

impl Database {
    /// PostgreSQL and MongoDB write durably. Redis forgets everything when it is restarted.
    pub(super) async fn start(kind: Kind, root: &Path) -> Self {
        let options = EngineOptions {
            root: root.join(format!("{kind:?}").to_lowercase()),
            durable: kind != Kind::Redis,
            postgres: kind == Kind::Postgres,
            mongo: kind == Kind::Mongo,
            redis: kind == Kind::Redis,
        };
        let mut database = Self { kind, options, url: String::new(), running: None };
        database.url = database.run().await;
        database
    }

    /// Ends it without a shutdown, and starts it again.
    pub(super) async fn restart(&mut self) {
        self.kill().await;
        self.start_again().await;
    }

    pub(super) async fn kill(&mut self) {
        let engines = self.running.take().unwrap();
        // An immediate shutdown of PostgreSQL ends all its processes without a checkpoint, as a crash does.
        let signal = if self.kind == Kind::Postgres { "-QUIT" } else { "-KILL" };
        for id in processes_in(&self.options.root) {
            let sent = Command::new("kill").args([signal, &id.to_string()]).output().await.unwrap();
            // A process of PostgreSQL may have ended with another.
            assert!(sent.status.success() || self.kind == Kind::Postgres);
        }
        engines.stop().await;
    }

    pub(super) async fn start_again(&mut self) {
        let url = self.run().await;
        if self.kind == Kind::Redis {
            // Each start has a new password.
            let client = redis::Client::open(url.as_str()).unwrap();
            let mut connection = client.get_multiplexed_async_connection().await.unwrap();
            let former = redis::Client::open(self.url.as_str()).unwrap();
            let former = former.get_connection_info().redis_settings().password().unwrap().to_owned();
            let mut change = redis::cmd("CONFIG");
            change.arg("SET").arg("requirepass").arg(former).exec_async(&mut connection).await.unwrap();
        } else {
            assert_eq!(url, self.url);
        }
    }

    async fn run(&mut self) -> String {
        let engines = Engines::start(&self.options).await.unwrap();
        let url = match self.kind {
            Kind::Postgres => &engines.postgres_url,
            Kind::Mongo => &engines.mongo_url,
            Kind::Redis => &engines.redis_url,
        };
        let url = url.clone().unwrap();
        self.running = Some(engines);
        url
    }
}

/// A folder that is removed at the end.
pub(super) struct Folder(pub(super) PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // The databases may still write while they end; what they leave is in a folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
