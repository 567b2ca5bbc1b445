//! Two processes that serve requests and two that run jobs, on databases of their own.

use std::{
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::process::{Child, Command};
use triptych_server::migration;

use super::databases::{Database, Folder, Kind};
use crate::process::{free_port, program};

/// A process that is started again whenever it has ended.
struct Member {
    arguments: Vec<String>,
    child: Child,
    /// Whether it is stopped by SIGSTOP.
    paused: bool,
}

pub(super) struct Cluster {
    pub(super) postgres: Database,
    mongo: Database,
    redis: Database,
    members: Vec<Member>,
    /// The URLs of the first two members.
    pub(super) urls: [String; 2],
    // Declared last, as the databases end before it is removed.
    _folder: Folder,
}

/// Members that serve requests come first.
pub(super) const APIS: [usize; 2] = [0, 1];
pub(super) const WORKERS: [usize; 2] = [2, 3];

impl Cluster {
    pub(super) async fn start() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("triptych-chaos-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        let (postgres, mongo, redis) = tokio::join!(
            Database::start(Kind::Postgres, &folder.0),
            Database::start(Kind::Mongo, &folder.0),
            Database::start(Kind::Redis, &folder.0),
        );
        migration::up(&postgres.url).await.unwrap();
        let ports = [free_port(), free_port()];
        let mut cluster = Self {
            postgres,
            mongo,
            redis,
            members: Vec::new(),
            urls: ports.map(|port| format!("http://127.0.0.1:{port}")),
            _folder: folder,
        };
        for port in ports {
            let bind = format!("127.0.0.1:{port}");
            cluster.add(&["api", "--bind", &bind, "--log", "error"]);
        }
        for _ in WORKERS {
            cluster.add(&["worker", "--log", "error"]);
        }
        cluster
    }

    fn add(&mut self, arguments: &[&str]) {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let child = self.spawn(&arguments);
        self.members.push(Member { arguments, child, paused: false });
    }

    fn spawn(&self, arguments: &[String]) -> Child {
        Command::new(program())
            .args(arguments)
            .env("TRIPTYCH__POSTGRES__URL", &self.postgres.url)
            .env("TRIPTYCH__MONGO__URL", &self.mongo.url)
            .env("TRIPTYCH__REDIS__URL", &self.redis.url)
            .env("TRIPTYCH__SECRETS__MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
            .env("TRIPTYCH__OUTBOUND__ALLOW", r#"["127.0.0.1"]"#)
            .env("TRIPTYCH__DEMO__TOKENS_PER_SECOND", "60")
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// Starts members again that have ended, such as those that found no database when they were started.
    pub(super) fn keep(&mut self) {
        for index in 0..self.members.len() {
            if self.members[index].child.try_wait().unwrap().is_some() {
                let child = self.spawn(&self.members[index].arguments);
                let member = &mut self.members[index];
                (member.child, member.paused) = (child, false);
            }
        }
    }

    /// Kills a member with SIGKILL.
    pub(super) async fn kill(&mut self, index: usize) {
        self.members[index].child.kill().await.unwrap();
    }

    /// Stops a member with SIGSTOP, or continues it.
    pub(super) async fn pause(&mut self, index: usize, paused: bool) {
        let member = &mut self.members[index];
        let (Some(id), true) = (member.child.id(), member.paused != paused) else { return };
        let signal = if paused { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill").args([signal, &id.to_string()]).status().await.unwrap();
        member.paused = paused && sent.success();
    }

    pub(super) fn database(&mut self, kind: Kind) -> &mut Database {
        match kind {
            Kind::Postgres => &mut self.postgres,
            Kind::Mongo => &mut self.mongo,
            Kind::Redis => &mut self.redis,
        }
    }

    pub(super) async fn flush_redis(&self) {
        let client = redis::Client::open(self.redis.url.as_str()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    }

    /// Continues and restarts what is needed, and waits until both members that serve requests are ready.
    pub(super) async fn recover(&mut self) {
        let mut attempts = crate::harness::attempts(Duration::from_mins(1));
        for index in 0..self.members.len() {
            self.pause(index, false).await;
        }
        for url in self.urls.clone() {
            let client = crate::harness::Client::new(&url);
            loop {
                assert!(attempts.next().await, "{url} is not ready");
                self.keep();
                let answer = client.http().get(format!("{url}/health/ready")).send().await;
                if answer.is_ok_and(|answer| answer.status() == 200) {
                    break;
                }
            }
        }
    }
}
