//! The environment of a test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bullmq::QueueOptions;
use sea_orm::ConnectionTrait as _;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use triptych_server::{
    app::{Role, Running},
    config::{Config, Overrides},
};

use super::{
    Client, Machine, ManualClock, attempts,
    clock::PATIENCE,
    engines::{TestEngines, engines},
    share,
};

/// A server with databases of its own.
pub struct World {
    pub url: String,
    pub config: Config,
    /// The clock of the server.
    pub clock: ManualClock,
    name: String,
    running: Option<Running>,
    engines: Arc<TestEngines>,
    _machine: Machine,
}

const QUEUES: [&str; 5] = ["schedule", "trigger", "flow", "action", "generation"];

/// Changes of the configuration.
type Adjust<'a> = &'a dyn Fn(&mut Config);

impl World {
    /// Starts a server that serves requests and runs jobs.
    pub async fn start() -> Self {
        Self::start_with(&|_| {}).await
    }

    pub async fn start_with(adjust: Adjust<'_>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let machine = share().await;
        let engines = engines().await;
        // `RUST_LOG=triptych=debug` enables the log of the server. Only the first call has an effect.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(
                EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy(),
            )
            .with_writer(std::io::stderr)
            .try_init();
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut config = Config::load(&Overrides::default()).expect("the defaults are valid");
        config.http.bind = "127.0.0.1:0".parse().expect("an address");
        config.http.shutdown_grace_seconds = 5;
        // All clients of a test have one address.
        config.http.max_connections_per_address = config.http.max_connections;
        config.postgres.url = Some(engines.copy_database(&name).await.into());
        config.postgres.max_connections = 8;
        config.mongo.url = Some(engines.mongo_url.clone().into());
        config.mongo.database.clone_from(&name);
        config.redis.url = Some(engines.redis_url.clone().into());
        config.redis.prefix.clone_from(&name);
        config.secrets.master_key = Some("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned().into());
        config.demo.tokens_per_second = 0;
        config.outbound.allow = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        adjust(&mut config);
        let clock = ManualClock::default();
        let running = Box::pin(Running::start_with(config.clone(), Role::Everything, clock.injected()))
            .await
            .expect("the server starts");
        let address = running.address.expect("it listens");
        Self {
            url: format!("http://{address}"),
            config,
            clock,
            name,
            running: Some(running),
            engines,
            _machine: machine,
        }
    }

    /// A client without a session.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url)
    }

    /// A new user with their own organization.
    pub async fn newcomer(&self) -> Client {
        Client::new(&self.url).signed_up().await
    }

    /// Stops the server as Ctrl-C does and starts it again on the same databases.
    pub async fn restart(&mut self) {
        self.restart_after(Duration::ZERO).await;
    }

    /// Restarts the server with another configuration.
    pub async fn restart_with(&mut self, adjust: impl FnOnce(&mut Config)) {
        adjust(&mut self.config);
        self.restart().await;
    }

    /// The same, with a time between the stop and the start.
    pub async fn restart_after(&mut self, outage: Duration) {
        if let Some(running) = self.running.take() {
            self.stop(running).await;
        }
        self.clock.advance(outage);
        let running =
            Box::pin(Running::start_with(self.config.clone(), Role::Everything, self.clock.injected()))
                .await
                .expect("it starts again");
        self.url = format!("http://{}", running.address.expect("it listens"));
        self.running = Some(running);
    }

    /// Stops the server. The test fails if jobs are left.
    pub async fn end(mut self) {
        let left = self.jobs_left().await;
        if let Some(running) = self.running.take() {
            self.stop(running).await;
        }
        let engines = &self.engines;
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        engines.admin().await.execute_unprepared(&sql).await.expect("the database goes");
        assert!(left.is_empty(), "jobs were left behind: {left:?}");
    }

    /// Stops the server. An idle worker waits up to a second for a job before it ends; BullMQ's marker, as of a job that
    /// was added, ends the wait.
    async fn stop(&self, running: Running) {
        let client = redis::Client::open(self.redis_url()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let mut markers = redis::pipe();
        for queue in QUEUES {
            markers.zadd(format!("{{{}}}:{queue}:marker", self.name), "0", 0).ignore();
        }
        let mut stopping = Box::pin(running.stop());
        let mut attempts = attempts(PATIENCE);
        loop {
            tokio::select! {
                () = &mut stopping => return,
                _ = attempts.next() => markers.exec_async(&mut connection).await.expect("Redis answers"),
            }
        }
    }

    /// The jobs that are left in the queues and the outbox, after a time to become empty.
    async fn jobs_left(&self) -> Vec<String> {
        let client = redis::Client::open(self.redis_url()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let mut left = Vec::new();
        let mut attempts = attempts(PATIENCE);
        while attempts.next().await {
            left.clear();
            for queue in QUEUES {
                for (state, command) in [("wait", "LLEN"), ("active", "LLEN"), ("delayed", "ZCARD")] {
                    let key = format!("{{{}}}:{queue}:{state}", self.name);
                    let count: u64 =
                        redis::cmd(command).arg(key).query_async(&mut connection).await.expect("a count");
                    if count > 0 {
                        left.push(format!("{count} {state} in {queue}"));
                    }
                }
            }
            if left.is_empty() {
                break;
            }
        }
        left
    }

    /// Waits until jobs are delayed, moves the clock, and delivers them. A queue keeps the times of its jobs in real
    /// time, so a moved clock alone delivers nothing. A job that comes before its time is delayed again.
    pub async fn pass(&self, time: Duration) {
        self.deliver_after(time).await;
    }

    /// Delivers the delayed jobs, once there are any, before their time.
    pub async fn deliver_early(&self) {
        self.deliver_after(Duration::ZERO).await;
    }

    async fn deliver_after(&self, time: Duration) {
        let (connection, prefix) = self.services().queues.worker_connection();
        let mut queues = Vec::new();
        for name in QUEUES {
            let options = QueueOptions::new().connection(connection.clone()).prefix(prefix);
            queues.push(bullmq::Queue::with_options(name, options).await.expect("Redis answers"));
        }
        let mut delayed = 0;
        let mut attempts = attempts(PATIENCE);
        while delayed == 0 {
            assert!(attempts.next().await, "no job is delayed");
            for queue in &queues {
                delayed += queue.get_delayed_count().await.expect("Redis answers");
            }
        }
        self.clock.advance(time);
        for queue in &queues {
            queue.promote_jobs(1_000).await.expect("Redis answers");
            queue.close().await;
        }
    }

    /// Starts a process that only runs jobs, on the same databases.
    pub async fn worker(&self) -> Running {
        let worker = Running::start_with(self.config.clone(), Role::Worker, self.clock.injected());
        Box::pin(worker).await.expect("a worker starts")
    }

    /// The address for operators.
    ///
    /// # Panics
    /// If the server was stopped.
    pub fn ops(&self) -> std::net::SocketAddr {
        self.running.as_ref().and_then(|running| running.ops).expect("it runs")
    }

    /// The services of the server, for benchmarks that replace a worker.
    ///
    /// # Panics
    /// If the server was stopped.
    pub fn services(&self) -> &triptych_server::services::Services {
        self.running.as_ref().expect("it runs").services()
    }

    pub fn postgres_url(&self) -> String {
        self.config.postgres.url.as_ref().expect("a URL").expose().to_owned()
    }

    pub fn mongo_url(&self) -> String {
        self.config.mongo.url.as_ref().expect("a URL").expose().to_owned()
    }

    pub fn redis_url(&self) -> String {
        self.config.redis.queue().expect("a URL").expose().to_owned()
    }

    /// Deletes all Redis keys of this world, like `FLUSHALL` on a Redis of its own.
    pub async fn flush_redis(&self) {
        self.delete_keys(&[format!("{}:*", self.name), format!("{{{}}}:*", self.name)]).await;
    }

    /// Deletes the jobs of a queue, without a sign that they are lost.
    pub async fn lose_jobs(&self, queue: &str) {
        self.delete_keys(&[format!("{{{}}}:{queue}:*", self.name)]).await;
    }

    async fn delete_keys(&self, patterns: &[String]) {
        let client = redis::Client::open(self.redis_url()).expect("a URL");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        // One script, as a flush is atomic: no key may be written between listing and deleting.
        let script = redis::Script::new(
            "for _, pattern in ipairs(ARGV) do
               for _, key in ipairs(redis.call('KEYS', pattern)) do redis.call('DEL', key) end
             end",
        );
        let mut call = script.prepare_invoke();
        call.arg(patterns);
        call.invoke_async::<()>(&mut connection).await.expect("keys go");
    }
}
