//! A server whose statements and commands are counted.

use futures::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use triptych_server::app::{Role, Running};

use super::{World, wire::Wire};

/// The name by which MongoDB knows the connections of the server.
const APP_NAME: &str = "counted";
/// Commands that read. Others belong to connections, sessions and indexes.
const READS: [&str; 5] = ["find", "aggregate", "count", "distinct", "getMore"];

/// A second server of a world, which answers requests and runs no jobs.
pub struct Counted {
    pub url: String,
    running: Running,
    wire: Wire,
    mongo: mongodb::Database,
}

/// What a request has asked of the databases.
#[derive(Debug)]
pub struct Asked {
    /// The SQL of each statement.
    pub postgres: Vec<String>,
    /// The name and the namespace of each command that reads.
    pub mongo: Vec<String>,
}

impl Asked {
    /// The numbers of statements and of commands.
    pub fn counts(&self) -> (usize, usize) {
        (self.postgres.len(), self.mongo.len())
    }
}

impl Counted {
    pub async fn start(world: &World) -> Self {
        let wire = Wire::to(&world.postgres_url()).await;
        let mut config = world.config.clone();
        config.postgres.url = Some(wire.url.clone().into());
        config.mongo.url = Some(format!("{}&appName={APP_NAME}", world.mongo_url()).into());
        let running = Box::pin(Running::start_with(config, Role::Api, world.clock.injected())).await;
        let running = running.expect("the server starts");
        let url = format!("http://{}", running.address.expect("it listens"));
        let mongo = mongodb::Client::with_uri_str(world.mongo_url()).await.expect("MongoDB answers");
        Self { url, running, wire, mongo: mongo.database(&world.config.mongo.database) }
    }

    /// Records what the server asks of the databases meanwhile.
    pub async fn during(&self, work: impl Future) -> Asked {
        self.profile(0).await;
        let profile = self.mongo.collection::<Document>("system.profile");
        profile.drop().await.expect("the profile goes");
        self.profile(2).await;
        self.wire.take();
        work.await;
        let postgres = self.wire.take();
        self.profile(0).await;
        let entries = profile.find(doc! { "appName": APP_NAME }).await.expect("a profile");
        let entries: Vec<Document> = entries.try_collect().await.expect("a profile");
        let read = |entry: &Document| {
            let command = entry.get_document("command").ok()?.keys().next()?.clone();
            READS
                .contains(&command.as_str())
                .then(|| format!("{command} {}", entry.get_str("ns").unwrap_or_default()))
        };
        Asked { postgres, mongo: entries.iter().filter_map(read).collect() }
    }

    /// Sets which operations MongoDB records: none or all.
    async fn profile(&self, level: i32) {
        self.mongo.run_command(doc! { "profile": level }).await.expect("the level is set");
    }

    pub async fn end(self) {
        Box::pin(self.running.stop()).await;
    }
}
