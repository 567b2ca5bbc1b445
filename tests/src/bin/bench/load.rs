//! Load by `wrk`, which costs little CPU itself and treats every server alike.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::process::Command;

use crate::program::Request;

/// Open connections, each with one request at a time.
pub(crate) const CONNECTIONS: usize = 16;

/// What the script beside this file prints: one JSON object after this word.
const MARK: &str = "summary ";

pub(crate) struct Load {
    pub(crate) requests: usize,
    pub(crate) per_second: f64,
}

/// Sends a request over and over.
///
/// # Panics
/// If `wrk` cannot be run, or any request fails.
pub(crate) async fn load(request: &Request, time: Duration) -> Load {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/bench/post.lua");
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &CONNECTIONS.to_string()])
        .args(["--duration", &format!("{}s", time.as_secs()), "--timeout", "30s"])
        .arg("--script")
        .arg(script)
        .arg(&request.url)
        .args(["--", &request.body])
        .args(request.headers.iter().map(|(name, value)| format!("{name}: {value}")))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("wrk is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    let summary = text.lines().find_map(|line| line.strip_prefix(MARK));
    let summary: Value = summary
        .and_then(|summary| serde_json::from_str(summary).ok())
        .unwrap_or_else(|| panic!("wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(summary["errors"], 0, "requests failed: {summary}");
    let requests = summary["requests"].as_u64().and_then(|count| usize::try_from(count).ok());
    let requests = requests.expect("a number of requests");
    let seconds = summary["micros"].as_f64().expect("a duration") / 1e6;
    Load { requests, per_second: requests as f64 / seconds }
}
