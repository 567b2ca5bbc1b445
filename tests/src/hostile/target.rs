//! The server under attack: the built program with private databases, in a process of its own.

use std::{
    future::Future,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    harness::{Client, Machine, alone},
    process::Process,
};

/// Time within which `/health/live` answers during an attack.
const LIMIT: Duration = Duration::from_millis(100);
/// The share of answers that may take longer, one in this many, and their limit: other programs use the machine too.
const LATE: usize = 50;
const LATE_LIMIT: Duration = Duration::from_millis(500);
/// Pause between requests for the health.
const INTERVAL: Duration = Duration::from_millis(10);
/// Memory, in MiB, that an attack may add to the process.
const MEMORY_LIMIT: u64 = 400;

pub(super) struct Target {
    process: Process,
    _machine: Machine,
}

impl Target {
    /// Starts the server. No other test runs until the end, as the time of answers is measured.
    pub(super) async fn start(name: &str) -> Self {
        Self::start_with(name, &[]).await
    }

    /// Starts the server with other settings, as environment variables.
    pub(super) async fn start_with(name: &str, settings: &[(&str, &str)]) -> Self {
        let machine = alone().await;
        let settings = settings.iter().copied();
        let process = Process::start_with(&format!("hostile-{name}"), |command| {
            command.envs(settings);
        })
        .await;
        Self { process, _machine: machine }
    }

    pub(super) fn url(&self) -> &str {
        &self.process.url
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.process.url.trim_start_matches("http://").parse().expect("an address")
    }

    pub(super) fn anonymous(&self) -> Client {
        Client::new(&self.process.url)
    }

    /// Runs an attack. Meanwhile every request for `/health/live` must be answered in time, and the memory of the process
    /// must stay within bounds.
    pub(super) async fn withstands<T>(&self, attack: impl Future<Output = T>) -> T {
        let (address, over) = (self.address(), Arc::new(AtomicBool::new(false)));
        let before = self.memory();
        // A thread of its own, so that a busy attacker does not delay the measurement.
        let watch = thread::spawn({
            let over = over.clone();
            move || watch(address, &over)
        });
        let outcome = attack.await;
        over.store(true, Ordering::Relaxed);
        let mut times = watch.join().expect("the health is answered");
        times.sort_unstable_by(|a, b| b.cmp(a));
        let late = times.iter().filter(|time| **time > LIMIT).count();
        assert!(
            late <= times.len() / LATE && times[0] <= LATE_LIMIT,
            "{late} of {} answers of /health/live were late during the attack; the slowest: {:?}",
            times.len(),
            &times[..times.len().min(5)]
        );
        let added = self.memory().saturating_sub(before);
        assert!(added <= MEMORY_LIMIT, "the attack added {added} MiB");
        outcome
    }

    /// Peak of the memory of the process, in MiB.
    fn memory(&self) -> u64 {
        self.status("VmHWM:") / 1024
    }

    /// A number of the status of the process, in KiB.
    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let value = status.lines().find_map(|line| line.strip_prefix(name)).expect("a number");
        value.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Memory of the process without that of its program file, in bytes.
    pub(super) fn resident(&self) -> u64 {
        self.status("RssAnon:") * 1024
    }

    /// CPU seconds that the process takes a second, over a period.
    pub(super) async fn cpu(&self, period: Duration) -> f64 {
        let (before, begun) = (self.ticks(), Instant::now());
        tokio::time::timeout(period, std::future::pending::<()>()).await.expect_err("a period");
        // Linux counts CPU time in hundredths of a second.
        (self.ticks() - before) / 100.0 / begun.elapsed().as_secs_f64()
    }

    fn ticks(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("it runs");
        let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
        let time = fields.split(' ').skip(11).take(2);
        time.map(|ticks| ticks.parse::<f64>().expect("a number")).sum()
    }

    /// Stops the server with SIGTERM, which it must obey soon.
    pub(super) async fn end(self) {
        self.process.terminate(Duration::from_secs(20)).await;
    }
}

/// Asks for the health until the attack is over. Returns the times of the answers.
fn watch(address: SocketAddr, over: &AtomicBool) -> Vec<Duration> {
    let mut times = Vec::new();
    loop {
        // Read before the request, so that the last one is made after the attack.
        let last = over.load(Ordering::Relaxed);
        let begun = Instant::now();
        ask(address);
        times.push(begun.elapsed());
        if last {
            return times;
        }
        thread::park_timeout(INTERVAL);
    }
}

fn ask(address: SocketAddr) {
    let patience = Duration::from_secs(30);
    let mut stream = TcpStream::connect_timeout(&address, patience).expect("it accepts");
    stream.set_read_timeout(Some(patience)).expect("a socket");
    let request = format!("GET /health/live HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it receives");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
