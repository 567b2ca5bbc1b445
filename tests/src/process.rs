//! The built program as a separate process with private databases, used by real clients.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};

use crate::harness::{Client, Machine, attempts, share};

/// The program that `make` builds, in the folder of the test program.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a program");
    let target = tests.parent().and_then(Path::parent).expect("target/<profile>/deps");
    let program = target.join("triptych");
    assert!(program.exists(), "build it first: cargo build -p triptych-server ({})", program.display());
    program
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// The processes with a working directory in a folder, such as private databases.
pub(crate) fn processes_in(root: &Path) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let works_here =
        |id: &u32| std::fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|folder| folder.starts_with(root));
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(works_here).collect()
}

pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    root: PathBuf,
    _machine: Machine,
}

impl Process {
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_with(name, |_| {}).await
    }

    /// Runs it with other settings, until the next start.
    pub(crate) async fn start_with(name: &str, adjust: impl FnOnce(&mut Command)) -> Self {
        let machine = share().await;
        let root = std::env::temp_dir().join(format!("triptych-process-{name}-{}", std::process::id()));
        let port = free_port();
        let mut command = Self::command(&root, port);
        adjust(&mut command);
        let mut process = Self {
            child: command.spawn().expect("it starts"),
            url: format!("http://127.0.0.1:{port}"),
            root,
            _machine: machine,
        };
        process.ready().await;
        process
    }

    fn spawn(root: &Path, port: u16) -> Child {
        Self::command(root, port).spawn().expect("it starts")
    }

    fn command(root: &Path, port: u16) -> Command {
        let mut command = Self::bare(root);
        command.args(["serve", "--bind", &format!("127.0.0.1:{port}"), "--log", "warn"]);
        command
    }

    /// The program without a command, with its databases in this folder.
    fn bare(root: &Path) -> Command {
        let mut command = Command::new(program());
        command
            .env("TRIPTYCH__EMBEDDED__ROOT", root)
            .env("TRIPTYCH__OUTBOUND__ALLOW", r#"["127.0.0.1"]"#)
            .env("TRIPTYCH__DEMO__TOKENS_PER_SECOND", "60")
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The error of another instance on the same folder.
    pub(crate) async fn second_instance(&self) -> (std::process::ExitStatus, String) {
        let mut command = Self::command(&self.root, free_port());
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let output = tokio::time::timeout(Duration::from_secs(20), output).await.expect("it gives up soon");
        let output = output.expect("it runs");
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Its databases.
    pub(crate) fn engines(&self) -> Vec<u32> {
        processes_in(&self.root)
    }

    /// Kills it with SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("it dies");
    }

    /// Waits until its databases have stopped.
    pub(crate) async fn engines_end(&self, patience: Duration) {
        let mut attempts = attempts(patience);
        while !self.engines().is_empty() {
            assert!(attempts.next().await, "they outlive it: {:?}", self.engines());
        }
    }

    async fn ready(&mut self) {
        let mut attempts = attempts(Duration::from_secs(30));
        let client = Client::new(&self.url);
        while attempts.next().await {
            if let Ok(response) = client.http().get(format!("{}/health/ready", self.url)).send().await
                && response.status() == 200
            {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("it ended: {status}");
            }
        }
        panic!("it was not ready in time");
    }

    /// Kills it with SIGKILL, and starts it again on the same data.
    pub(crate) async fn kill_and_start_again(&mut self) {
        self.kill().await;
        self.child = Self::spawn(&self.root, self.port());
        self.ready().await;
    }

    /// As above, on another address of this machine, with the same port.
    pub(crate) async fn kill_and_start_at(&mut self, address: &str) {
        self.kill().await;
        let mut command = self.program();
        command.args(["serve", "--bind", &format!("{address}:{}", self.port()), "--log", "warn"]);
        self.child = command.spawn().expect("it starts");
        self.ready().await;
    }

    /// The program without a command, with the databases of this process.
    pub(crate) fn program(&self) -> Command {
        Self::bare(&self.root)
    }

    fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }

    /// Runs one of the clients.
    async fn client(&self, script: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
        assert!(folder.join("node_modules").exists(), "run `make test`, which installs the clients");
        let output = tokio::time::timeout(
            Duration::from_mins(2),
            Command::new("node").arg(script).arg(&self.url).current_dir(folder).kill_on_drop(true).output(),
        )
        .await
        .expect("in time")
        .expect("node runs");
        assert!(
            output.status.success(),
            "{script} failed\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(crate) async fn end(mut self) {
        self.kill().await;
        self.remove().await;
    }

    /// Stops it with SIGTERM.
    pub(crate) async fn terminate(mut self, patience: Duration) {
        let sent = Command::new("kill").arg(self.id().to_string()).status().await.expect("kill runs");
        assert!(sent.success());
        let ended = tokio::time::timeout(patience, self.child.wait()).await.expect("it ends after SIGTERM");
        assert!(ended.expect("a child").success());
        self.remove().await;
    }

    async fn remove(&self) {
        // The databases are stopping, and may still write while the folder is removed.
        let mut attempts = attempts(Duration::from_secs(5));
        while attempts.next().await {
            if std::fs::remove_dir_all(&self.root).is_ok() || !self.root.exists() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_served_process_satisfies_real_clients() {
    let process = Process::start("clients").await;
    for script in ["journey.mjs", "http.mjs", "websocket.mjs"] {
        process.client(script).await;
    }
    process.end().await;
}

#[tokio::test]
async fn the_playground_works_in_a_browser_without_requests_to_other_hosts() {
    let process = Process::start("playground").await;
    process.client("playground.mjs").await;
    process.end().await;
}

#[tokio::test]
async fn doctor_reports_why_databases_are_unreachable() {
    let port = free_port();
    let begun = Instant::now();
    let output = Command::new(program())
        .args(["doctor", "--postgres-url", &format!("postgres://triptych@127.0.0.1:{port}/triptych")])
        .args(["--mongo-url", &format!("mongodb://127.0.0.1:{port}/?directConnection=true")])
        .args(["--redis-url", &format!("redis://127.0.0.1:{port}")])
        .current_dir(std::env::temp_dir())
        .kill_on_drop(true)
        .output()
        .await
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(8), "it took {:?}", begun.elapsed());
    for database in ["PostgreSQL", "MongoDB", "Redis (queue)", "Redis (cache)", "Redis (stream)"] {
        let row = text.lines().find(|line| line.starts_with(database)).expect("a row for each database");
        assert!(row.to_lowercase().contains("refused"), "{row}");
    }
    assert!(text.contains("migrations: unknown"), "{text}");
}
