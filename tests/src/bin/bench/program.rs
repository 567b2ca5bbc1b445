//! Servers as processes of their own, so that what they use can be told from what the load uses.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::process::{Child, Command};
use triptych_tests::harness::{Client, attempts};

use crate::{cpu::Subject, stage::Stage};

const PATIENCE: Duration = Duration::from_secs(30);

/// One GraphQL request, ready to be sent many times.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Request {
    /// The answer, if there is one without errors.
    pub(crate) async fn send(&self) -> Result<Value, String> {
        let client = Client::new(&self.url);
        let mut request =
            client.http().post(&self.url).header("content-type", "application/json").body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let answer: Value = response.json().await.map_err(|error| error.to_string())?;
        if answer.get("errors").is_some() {
            return Err(answer.to_string());
        }
        Ok(answer["data"].clone())
    }

    /// The answer of a server that may still be starting.
    pub(crate) async fn send_until_answered(&self) -> Value {
        let mut attempts = attempts(PATIENCE);
        loop {
            match self.send().await {
                Ok(answer) => return answer,
                Err(error) => assert!(
                    attempts.next().await,
                    "no answer of {}: {error} (see {})",
                    self.url,
                    log().display()
                ),
            }
        }
    }
}

/// A server that runs until it is stopped or dropped.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
}

impl Program {
    /// Starts a command that listens on the port it is given.
    pub(crate) fn start(command: impl FnOnce(u16) -> Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let log = File::options().create(true).append(true).open(log()).expect("a log");
        let child = command(port)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }

    /// Starts Triptych as it is built beside this program, and waits until it is ready.
    pub(crate) async fn triptych(role: &str, stage: &Stage, settings: &[(&str, String)]) -> Self {
        let program = std::env::current_exe().expect("a program").with_file_name("triptych");
        let started = Self::start(|port| {
            let mut command = Command::new(program);
            command
                .args([role, "--bind", &format!("127.0.0.1:{port}")])
                .envs(stage.settings())
                .envs(settings.iter().map(|(name, value)| (format!("TRIPTYCH__{name}"), value)));
            command
        });
        let (mut attempts, client) = (attempts(PATIENCE), Client::new(&started.url));
        let ready = format!("{}/health/ready", started.url);
        while !client.http().get(&ready).send().await.is_ok_and(|response| response.status() == 200) {
            assert!(attempts.next().await, "Triptych does not become ready (see {})", log().display());
        }
        started
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::Tree(self.child.id().expect("it runs"))
    }

    pub(crate) async fn stop(mut self) {
        self.child.kill().await.expect("it ends");
    }
}

/// What the servers of this run say.
fn log() -> PathBuf {
    std::env::temp_dir().join(format!("triptych-bench-{}.log", std::process::id()))
}

/// A folder of the tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
