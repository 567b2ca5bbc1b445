//! MongoDB: a replica set of one node, for transactions and change streams exist only in a set, on a free
//! loopback port.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};
use rustix::process::Signal;

use super::place::Place;
use super::process::{EngineProcess, Launch};
use super::{EngineError, Started, binaries, port};

const SET: &str = "rs0";
const DATABASE: &str = "triptych";
const ADVICE: &str =
    "If another version of MongoDB wrote the data, install that version, or move the `mongo` folder away.";

pub(super) async fn start(
    place: &Place,
    durable: bool,
    last_port: Option<u16>,
) -> Result<Started, EngineError> {
    let program = binaries::mongod()?;
    let port = port::free(last_port)?;
    let launch = Launch {
        engine: "MongoDB",
        name: "mongo",
        program,
        arguments: arguments(place, port, durable),
        input: String::new(),
        graceful: Signal::TERM,
        immediate: Signal::KILL,
    };
    // A direct connection: a set of one has nothing to discover, and its recorded address may be an old one.
    let url = format!("mongodb://127.0.0.1:{port}/{DATABASE}?directConnection=true");
    let mut process = EngineProcess::spawn(launch, place).await?;
    process.until_ready(become_primary(&url, port, durable), ADVICE).await?;
    Ok(Started { process, url, port: Some(port) })
}

fn arguments(place: &Place, port: u16, durable: bool) -> Vec<String> {
    let data = place.engine("mongo").display().to_string();
    let port = port.to_string();
    let mut arguments = vec![
        "--dbpath",
        &data,
        "--bind_ip",
        "127.0.0.1",
        "--port",
        &port,
        "--nounixsocket",
        "--replSet",
        SET,
        "--quiet",
        // The smallest it takes; the operating system's cache does the rest.
        "--wiredTigerCacheSizeGB",
        "0.25",
        // A set of one has nobody to hand over to, so there is nothing to wait for at shutdown.
        "--setParameter",
        "shutdownTimeoutMillisForSignaledShutdown=0",
        "--setParameter",
        "diagnosticDataCollectionEnabled=false",
    ];
    if !durable {
        arguments.extend([
            "--journalCommitInterval",
            "500",
            "--wiredTigerJournalCompressor",
            "none",
            "--oplogSize",
            "128",
        ]);
    }
    arguments.into_iter().map(str::to_owned).collect()
}

async fn become_primary(url: &str, port: u16, durable: bool) -> Result<(), Error> {
    // The driver waits half a second after a refused connection; a bare connection tells sooner.
    port::accepts(port).await;
    let mut options = ClientOptions::parse(url).await?;
    options.server_selection_timeout = Some(Duration::from_secs(10));
    let client = Client::with_options(options)?;
    let admin = client.database("admin");
    let mut asked = false;
    let result = loop {
        match step(&admin, port, durable, &mut asked).await {
            Ok(true) => break Ok(()),
            Ok(false) => {}
            // The node closes its connections when its configuration changes.
            Err(error)
                if matches!(
                    error.kind.as_ref(),
                    ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. }
                ) => {}
            Err(error) => break Err(error),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    client.shutdown().await;
    result
}

/// Looks once, and asks once for what is missing. True when the node takes writes.
async fn step(admin: &Database, port: u16, durable: bool, asked: &mut bool) -> Result<bool, Error> {
    let hello = admin.run_command(doc! { "hello": 1 }).await?;
    if hello.get_bool("isWritablePrimary").unwrap_or(false) {
        return Ok(true);
    }
    if !*asked {
        ask(admin, &hello, port, durable, asked).await?;
    }
    Ok(false)
}

/// Makes the node a set, or tells it its new port, where either is needed.
async fn ask(
    admin: &Database,
    hello: &Document,
    port: u16,
    durable: bool,
    asked: &mut bool,
) -> Result<(), Error> {
    if hello.get_bool("isreplicaset").unwrap_or(false) && !has_config(admin).await? {
        *asked = true;
        admin.run_command(doc! { "replSetInitiate": configuration(port, 1, durable) }).await?;
    } else if let Some(version) = version_for_other_port(admin, port).await? {
        *asked = true;
        // Forced: a node that does not find its own address in the set's configuration takes no ordinary change.
        admin
            .run_command(doc! { "replSetReconfig": configuration(port, version + 1, durable), "force": true })
            .await?;
    }
    Ok(())
}

/// Right after its start a node that has a configuration may still be reading it; then its status says so, and
/// only a node without one says that it was never initiated.
async fn has_config(admin: &Database) -> Result<bool, Error> {
    const NOT_YET_INITIALIZED: i32 = 94;
    match admin.run_command(doc! { "replSetGetStatus": 1 }).await {
        Ok(_) => Ok(true),
        Err(error) if command_code(&error) == Some(NOT_YET_INITIALIZED) => {
            let local = admin.run_command(doc! { "replSetGetConfig": 1 }).await;
            Ok(local.is_ok())
        }
        Err(error) if command_code(&error).is_some() => Ok(true),
        Err(error) => Err(error),
    }
}

async fn version_for_other_port(admin: &Database, port: u16) -> Result<Option<i32>, Error> {
    let answer = match admin.run_command(doc! { "replSetGetConfig": 1 }).await {
        Ok(answer) => answer,
        // Still reading its configuration: ask again later.
        Err(error) if command_code(&error).is_some() => return Ok(None),
        Err(error) => return Err(error),
    };
    let config = answer.get_document("config").cloned().unwrap_or_default();
    let host = config
        .get_array("members")
        .ok()
        .and_then(|members| members.first()?.as_document()?.get_str("host").ok());
    let moved = host != Some(address(port).as_str());
    Ok(moved.then(|| config.get_i32("version").unwrap_or(1)))
}

fn configuration(port: u16, version: i32, durable: bool) -> Document {
    doc! {
        "_id": SET,
        "version": version,
        // Throw-away data need not be in the journal to count as written.
        "writeConcernMajorityJournalDefault": durable,
        "members": [{ "_id": 0, "host": address(port) }],
        // There is nobody else to vote, so nothing is gained by waiting for them.
        "settings": { "electionTimeoutMillis": 100, "heartbeatIntervalMillis": 100 },
    }
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn command_code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}
