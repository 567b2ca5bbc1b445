//! Databases for one benchmark, without a server.

use std::path::Path;

use sea_orm::{
    ConnectionTrait as _,
    sqlx::{PgPool, postgres::PgPoolOptions},
};
use triptych_server::config::Config;
use triptych_tests::harness::{World, durable_engines};

/// Removes what earlier runs left in the temporary folder. The databases of a run end with it, so it cannot do this
/// itself.
pub(crate) fn remove_leftovers() {
    let running = |id: &str| !Path::new("/proc").exists() || Path::new("/proc").join(id).exists();
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix("triptych-bench-"));
        if let Some(id) = id.map(|id| id.trim_end_matches(".log"))
            && id.parse::<u32>().is_ok()
            && !running(id)
        {
            let path = entry.path();
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            if let Err(error) = removed {
                eprintln!("bench: {} stays: {error}", path.display());
            }
        }
    }
}

/// Where the servers of one benchmark find their data.
pub(crate) struct Stage {
    name: String,
    pub(crate) postgres_url: String,
    mongo: (String, String),
    redis: (String, String),
}

impl Stage {
    /// A migrated PostgreSQL database, a Mongo database and a Redis prefix on engines that write to the disk as in
    /// production.
    pub(crate) async fn durable(benchmark: &str) -> Self {
        let engines = durable_engines().await;
        let name = format!("bench_{benchmark}");
        Self {
            postgres_url: engines.copy_database(&name).await,
            mongo: (engines.mongo_url.clone(), name.clone()),
            redis: (engines.redis_url.clone(), name.clone()),
            name,
        }
    }

    /// The databases that a server of this process uses.
    pub(crate) fn of_world(world: &World) -> Self {
        let Config { mongo, redis, .. } = &world.config;
        Self {
            name: mongo.database.clone(),
            postgres_url: world.postgres_url(),
            mongo: (world.mongo_url(), mongo.database.clone()),
            redis: (world.redis_url(), redis.prefix.clone()),
        }
    }

    /// Triptych's settings, as environment variables.
    pub(crate) fn settings(&self) -> [(&'static str, String); 6] {
        [
            ("TRIPTYCH__POSTGRES__URL", self.postgres_url.clone()),
            ("TRIPTYCH__MONGO__URL", self.mongo.0.clone()),
            ("TRIPTYCH__MONGO__DATABASE", self.mongo.1.clone()),
            ("TRIPTYCH__REDIS__URL", self.redis.0.clone()),
            ("TRIPTYCH__REDIS__PREFIX", self.redis.1.clone()),
            ("TRIPTYCH__SECRETS__MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
        ]
    }

    /// Connections straight to PostgreSQL.
    pub(crate) async fn pool(&self, size: u32) -> PgPool {
        // Without a round trip before each statement.
        let options = PgPoolOptions::new().max_connections(size).test_before_acquire(false);
        options.connect(&self.postgres_url).await.expect("PostgreSQL answers")
    }

    pub(crate) async fn end(self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        durable_engines().await.admin().await.execute_unprepared(&sql).await.expect("the database goes");
    }
}
