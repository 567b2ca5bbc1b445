//! Private PostgreSQL, MongoDB and Redis for one folder: for `triptych serve` without configured databases, and
//! for tests.
//!
//! Owns finding the programs, preparing their data folders, starting them in parallel, knowing when they are
//! ready, and their end: they end with this process however it ends. Must not know what is stored in them; it
//! hands out URLs and nothing else.
//!
//! Everything of one instance lies in one folder, the root:
//!
//! ```text
//! lock            held while an instance runs, with its process id inside
//! engines.json    where the engines listen and how to connect to them by hand (readable by its owner only)
//! postgres/ mongo/ redis/   data
//! log/            what each engine printed since its last start
//! ```
//!
//! PostgreSQL listens on a socket in a folder of its own and on no port. MongoDB and Redis listen on free ports
//! of the loopback interface, which are kept from start to start while they stay free.

mod account;
mod binaries;
mod error;
mod lock;
mod mongo;
mod place;
mod port;
mod postgres;
mod process;
mod record;
mod redis;
mod secret;
mod spawner;
mod stale;
mod sweeper;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use error::EngineError;

use lock::InstanceLock;
use place::Place;
use process::EngineProcess;
use record::Record;
use sweeper::Sweeper;

/// What to start, and where.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent answers, each read once")]
pub struct EngineOptions {
    /// The folder that holds everything of this instance; created when missing.
    pub root: PathBuf,
    /// `false` for throw-away engines: nothing is synced to disk, old data in `root` is removed at the start,
    /// and all of it at the end.
    pub durable: bool,
    pub postgres: bool,
    pub mongo: bool,
    pub redis: bool,
}

impl EngineOptions {
    /// All three engines in a folder of this process, for tests. The folder is removed when the engines stop or
    /// the process ends. `name` tells the folders of one process apart.
    #[must_use]
    pub fn throw_away(name: &str) -> Self {
        let root = place::fast_temporary().join(format!("triptych-{name}-{}", std::process::id()));
        Self { root, durable: false, postgres: true, mongo: true, redis: true }
    }
}

/// Running engines. They end when this is stopped or dropped, and when the process ends, even by `kill -9`.
#[derive(Debug)]
pub struct Engines {
    /// `postgres://…/triptych`, over a Unix socket. The user may create further databases.
    pub postgres_url: Option<String>,
    /// `mongodb://…/triptych`, a one-node replica set, so that transactions and change streams work.
    pub mongo_url: Option<String>,
    /// `redis://…/0`, with a generated password.
    pub redis_url: Option<String>,
    running: Vec<EngineProcess>,
    place: Place,
    durable: bool,
    sweeper: Option<Sweeper>,
    // Declared last: fields are dropped in order, and the lock must outlive the engines.
    lock: InstanceLock,
}

impl Engines {
    /// Starts the chosen engines in parallel and returns when all of them answer.
    ///
    /// # Errors
    /// `Locked` when another instance uses the folder; `Missing` when a program is not installed; `Start` with
    /// the end of the engine's log when one does not come up within its time limit. What had started is ended.
    #[tracing::instrument(skip_all, fields(root = %options.root.display(), durable = options.durable))]
    pub async fn start(options: &EngineOptions) -> Result<Self, EngineError> {
        let account = account::unprivileged()?;
        place::create_root(&options.root, account.as_ref())?;
        let lock = InstanceLock::acquire(&options.root)?;
        let place = Place::choose(&options.root, account)?;
        let mut record = Record::load(&options.root);
        if !options.durable && record.durable {
            return Err(EngineError::HoldsData { root: options.root.clone() });
        }
        stale::end_leftovers(&place).await;
        if !options.durable {
            place.remove_data()?;
        }
        place.create()?;
        let folders = place.folders();
        let sweeper =
            (!options.durable).then(|| Sweeper::start(&options.root, folders.iter().map(PathBuf::as_path)));

        let (postgres, mongo, redis) = tokio::join!(
            async {
                if options.postgres {
                    postgres::start(&place, options.durable).await.map(Some)
                } else {
                    Ok(None)
                }
            },
            async {
                if options.mongo {
                    mongo::start(&place, options.durable, record.mongo_port).await.map(Some)
                } else {
                    Ok(None)
                }
            },
            async {
                if options.redis {
                    redis::start(&place, options.durable, record.redis_port).await.map(Some)
                } else {
                    Ok(None)
                }
            },
        );
        // An engine that did start is ended by its `Drop` when `?` leaves here because of another one.
        let (postgres, mongo, redis) = (postgres?, mongo?, redis?);

        record.durable = options.durable;
        record.data = place.data().to_path_buf();
        record.postgres_url = postgres.as_ref().map(|started| started.url.clone());
        record.mongo_url = mongo.as_ref().map(|started| started.url.clone());
        record.redis_url = redis.as_ref().map(|started| started.url.clone());
        record.mongo_port = mongo.as_ref().and_then(|started| started.port).or(record.mongo_port);
        record.redis_port = redis.as_ref().and_then(|started| started.port).or(record.redis_port);
        record.store(&options.root)?;

        Ok(Self {
            postgres_url: record.postgres_url,
            mongo_url: record.mongo_url,
            redis_url: record.redis_url,
            running: [postgres, mongo, redis].into_iter().flatten().map(|started| started.process).collect(),
            place,
            durable: options.durable,
            sweeper,
            lock,
        })
    }

    /// Ends the engines, waits until they have ended, and lets the folder go. Durable engines are given time to
    /// write what they hold; throw-away engines end at once and their data is removed.
    pub async fn stop(mut self) {
        let durable = self.durable;
        futures::future::join_all(self.running.iter_mut().map(|engine| engine.stop(durable))).await;
        self.running.clear();
        if !durable && let Err(error) = self.place.remove_data() {
            tracing::warn!(%error, "could not remove the data of throw-away engines");
        }
        if let Some(sweeper) = self.sweeper.take() {
            sweeper.dismiss();
        }
        self.lock.release();
    }
}

/// One engine that answers.
struct Started {
    process: EngineProcess,
    url: String,
    /// The loopback port, to be used again at the next start; `None` for a socket.
    port: Option<u16>,
}
