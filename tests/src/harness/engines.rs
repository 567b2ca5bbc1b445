//! The databases of the test run. They stop with the process.

use std::sync::{Arc, OnceLock};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use tokio::sync::OnceCell;
use triptych_embedded::{EngineOptions, Engines};
use triptych_server::migration;

/// A database that is migrated once and copied for each test.
const TEMPLATE: &str = "triptych_template";

pub struct TestEngines {
    pub postgres_url: String,
    pub mongo_url: String,
    pub redis_url: String,
    /// Keeps the engines alive.
    _engines: Engines,
}

impl TestEngines {
    /// The URL of another database on the same server.
    pub fn postgres(&self, database: &str) -> String {
        let (base, _) = self.postgres_url.rsplit_once('/').expect("a URL with a database");
        format!("{base}/{database}")
    }

    /// A connection that creates and drops databases.
    pub async fn admin(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(self.postgres("postgres"));
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.expect("PostgreSQL answers")
    }

    /// A fresh copy of the migrated database.
    pub async fn copy_database(&self, name: &str) -> String {
        let sql = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy");
        self.admin().await.execute_unprepared(&sql).await.expect("the template can be copied");
        self.postgres(name)
    }
}

/// A runtime that outlives the runtimes of the tests.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
    })
}

/// The engines, started at the first call.
pub async fn engines() -> Arc<TestEngines> {
    static ENGINES: OnceCell<Arc<TestEngines>> = OnceCell::const_new();
    let options = || EngineOptions::throw_away("tests");
    ENGINES.get_or_init(|| async { started(options()).await }).await.clone()
}

/// Engines with durable writes, in a folder on disk that is kept.
pub async fn durable_engines() -> Arc<TestEngines> {
    static ENGINES: OnceCell<Arc<TestEngines>> = OnceCell::const_new();
    let root = std::env::temp_dir().join(format!("triptych-bench-{}", std::process::id()));
    let options =
        || EngineOptions { root: root.clone(), durable: true, postgres: true, mongo: true, redis: true };
    ENGINES.get_or_init(|| async { started(options()).await }).await.clone()
}

async fn started(options: EngineOptions) -> Arc<TestEngines> {
    runtime().spawn(start(options)).await.expect("the engines start")
}

async fn start(options: EngineOptions) -> Arc<TestEngines> {
    let engines = Engines::start(&options).await.expect("engines start");
    let url = |url: &Option<String>| url.clone().expect("all three were asked for");
    let engines = TestEngines {
        postgres_url: url(&engines.postgres_url),
        mongo_url: url(&engines.mongo_url),
        redis_url: url(&engines.redis_url),
        _engines: engines,
    };
    let admin = engines.admin().await;
    admin.execute_unprepared(&format!("CREATE DATABASE {TEMPLATE}")).await.expect("a new database");
    migration::up(&engines.postgres(TEMPLATE)).await.expect("migrations apply");
    Arc::new(engines)
}
