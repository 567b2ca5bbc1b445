//! Private PostgreSQL, MongoDB and Redis servers in one folder: for `triptych serve` without configured databases,
//! and for tests.
//!
//! Owns finding the programs, preparing their data folders, starting them in parallel, detecting when they are ready,
//! and ending them with this process, however it ends. Does not depend on what is stored in them; it returns URLs.
//!
//! All files of an instance are in one folder, the root:
//!
//! ```text
//! lock            locked while an instance runs; contains its process id
//! engines.json    URLs of the engines, for connecting by hand (readable by its owner only)
//! postgres/ mongo/ redis/   data
//! log/            output of each engine since its last start
//! ```
//!
//! PostgreSQL listens on a Unix socket in a folder of its own, and on no port. MongoDB and Redis listen on free ports
//! of the loopback interface, and use the same ports at the next start if they are still free.

mod account;
mod binaries;
mod error;
mod files;
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

/// Which engines to start, and where.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent options, each read once")]
pub struct EngineOptions {
    /// The folder of all files of this instance. Created if missing.
    pub root: PathBuf,
    /// `false` for throw-away engines: nothing is synchronised to disk, old data in `root` is removed at the start, and
    /// all data at the end.
    pub durable: bool,
    pub postgres: bool,
    pub mongo: bool,
    pub redis: bool,
}

impl EngineOptions {
    /// All three engines in a temporary folder, for tests. The folder is removed when the engines stop or the process
    /// ends. `name` distinguishes the folders of one process.
    #[must_use]
    pub fn throw_away(name: &str) -> Self {
        let root = place::fast_temporary().join(format!("triptych-{name}-{}", std::process::id()));
        Self { root, durable: false, postgres: true, mongo: true, redis: true }
    }
}

/// Running engines. They end when this value is stopped or dropped, and when the process ends, even by `kill -9`.
#[derive(Debug)]
pub struct Engines {
    /// `postgres://…/triptych`, over a Unix socket. The user can create databases.
    pub postgres_url: Option<String>,
    /// `mongodb://…/triptych`, a replica set of one node, as transactions and change streams require a replica set.
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
    /// Starts the chosen engines in parallel, and returns when all of them answer.
    ///
    /// # Errors
    /// `Locked` when another instance uses the folder; `Missing` when a program is not installed; `Start`, with the end
    /// of the engine's log, when an engine is not ready within its time limit. Engines that had started are ended.
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
        let engines = start_all(options, &place, &record).await?;
        record.update(options.durable, place.data(), &engines);
        record.store(&options.root)?;
        Ok(Self {
            postgres_url: record.postgres_url,
            mongo_url: record.mongo_url,
            redis_url: record.redis_url,
            running: engines.into_iter().flatten().map(|started| started.process).collect(),
            place,
            durable: options.durable,
            sweeper,
            lock,
        })
    }

    /// Ends the engines, waits until they have ended, and unlocks the folder. Durable engines shut down cleanly;
    /// throw-away engines end at once, and their data is removed.
    pub async fn stop(mut self) {
        let durable = self.durable;
        futures::future::join_all(self.running.iter_mut().map(|engine| engine.stop(durable))).await;
        self.running.clear();
        if !durable && let Err(error) = self.place.remove_data() {
            tracing::warn!(%error, "removing the data of throw-away engines failed");
        }
        if let Some(sweeper) = self.sweeper.take() {
            sweeper.dismiss();
        }
        self.lock.release();
    }
}

/// Starts the chosen engines in parallel: PostgreSQL, MongoDB, Redis. When one fails, dropping the others ends them.
async fn start_all(
    options: &EngineOptions,
    place: &Place,
    record: &Record,
) -> Result<[Option<Started>; 3], EngineError> {
    let durable = options.durable;
    let (postgres, mongo, redis) = tokio::join!(
        chosen(options.postgres, postgres::start(place, durable)),
        chosen(options.mongo, mongo::start(place, durable, record.mongo_port)),
        chosen(options.redis, redis::start(place, durable, record.redis_port)),
    );
    Ok([postgres?, mongo?, redis?])
}

async fn chosen(
    wanted: bool,
    start: impl Future<Output = Result<Started, EngineError>>,
) -> Result<Option<Started>, EngineError> {
    if wanted { start.await.map(Some) } else { Ok(None) }
}

/// One running engine.
struct Started {
    process: EngineProcess,
    url: String,
    /// The loopback port, for the next start; `None` for a socket.
    port: Option<u16>,
}
