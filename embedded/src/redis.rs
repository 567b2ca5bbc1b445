//! Redis: on a free loopback port, with a new password at each start.

use std::time::Duration;

use ::redis::{Client, RedisError};
use rustix::process::Signal;

use super::place::Place;
use super::process::{EngineProcess, Launch};
use super::{EngineError, Started, binaries, port};

const ADVICE: &str = "Everything in Redis can be rebuilt: if its files are damaged, remove the folder `redis` and start again.";

pub(super) async fn start(
    place: &Place,
    durable: bool,
    last_port: Option<u16>,
) -> Result<Started, EngineError> {
    let program = binaries::redis()?;
    let port = port::free(last_port)?;
    let password = super::secret::generate()?;
    let launch = Launch {
        engine: "Redis",
        name: "redis",
        program,
        // Reads its configuration from standard input.
        arguments: vec!["-".to_owned()],
        input: configuration(port, &password, durable),
        graceful: Signal::TERM,
        immediate: Signal::KILL,
    };
    let url = format!("redis://:{password}@127.0.0.1:{port}/0");
    let mut process = EngineProcess::spawn(launch, place).await?;
    process.until_ready(ready(&url, port), ADVICE).await?;
    Ok(Started { process, url, port: Some(port) })
}

fn configuration(port: u16, password: &str, durable: bool) -> String {
    // Keeps sessions across restarts; no other data depends on it.
    let keep = if durable { "appendonly yes\nappendfsync everysec\n" } else { "appendonly no\n" };
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndaemonize no\nsave \"\"\n{keep}\
         maxmemory-policy noeviction\nlogfile \"\"\n"
    )
}

async fn ready(url: &str, port: u16) -> Result<(), RedisError> {
    let client = Client::open(url)?;
    loop {
        port::accepts(port).await;
        let answer = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            ::redis::cmd("PING").query_async::<String>(&mut connection).await
        };
        match answer.await {
            Ok(_) => return Ok(()),
            // It loads its data first, and may close early connections.
            Err(error) if error.is_io_error() || error.code() == Some("LOADING") => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(error),
        }
    }
}
