//! MongoDB: a replica set of one node, as transactions and change streams require a replica set, on a free loopback
//! port, with a password.

mod key;

use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};
use rustix::process::Signal;

use super::place::Place;
use super::process::{EngineProcess, Launch};
use super::{EngineError, Started, binaries, port};
use key::Key;

const SET: &str = "rs0";
const DATABASE: &str = "triptych";
const ADVICE: &str =
    "If another version of MongoDB wrote the data, install that version, or move the folder `mongo` away.";

pub(super) async fn start(
    place: &Place,
    durable: bool,
    last_port: Option<u16>,
) -> Result<Started, EngineError> {
    let program = binaries::mongod()?;
    let port = port::free(last_port)?;
    let key = Key::open(place)?;
    let launch = Launch {
        engine: "MongoDB",
        name: "mongo",
        program,
        arguments: arguments(place, &key, port, durable),
        input: String::new(),
        graceful: Signal::TERM,
        immediate: Signal::KILL,
    };
    let mut process = EngineProcess::spawn(launch, place).await?;
    process.until_ready(become_ready(&key, port, durable), ADVICE).await?;
    Ok(Started { process, url: key.url(port, DATABASE), port: Some(port) })
}

fn arguments(place: &Place, key: &Key, port: u16, durable: bool) -> Vec<String> {
    let data = place.engine("mongo").display().to_string();
    let (port, key) = (port.to_string(), key.file.display().to_string());
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
        // Every client has to authenticate.
        "--keyFile",
        &key,
        "--quiet",
        // The minimum; the page cache of the operating system complements it.
        "--wiredTigerCacheSizeGB",
        "0.25",
        // Otherwise shutdown waits for another node that could become primary.
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

/// Waits until the node accepts writes, and creates its user.
async fn become_ready(key: &Key, port: u16, durable: bool) -> Result<(), Error> {
    // The driver pauses for half a second after a refused connection, so the port is polled first.
    port::accepts(port).await;
    let mut options =
        ClientOptions::parse(format!("mongodb://127.0.0.1:{port}/?directConnection=true")).await?;
    options.credential = Some(key.of_member());
    options.server_selection_timeout = Some(Duration::from_secs(10));
    let client = Client::with_options(options)?;
    let admin = client.database("admin");
    let mut asked = false;
    let result = loop {
        match step(&admin, port, durable, &mut asked).await {
            Ok(true) => break key.create_user(&client).await,
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

/// Checks the node, and configures it at most once. Returns whether it accepts writes.
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

/// Initiates the replica set, or updates its port, if necessary.
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
        // Forced: a node whose own address is not in the configuration refuses ordinary changes.
        admin
            .run_command(doc! { "replSetReconfig": configuration(port, version + 1, durable), "force": true })
            .await?;
    }
    Ok(())
}

/// Whether the node has a configuration. Right after its start it may still be loading it; only a node without one
/// answers that it was never initiated.
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
        // Still loading its configuration: try again later.
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
        // Writes of throw-away data do not wait for the journal.
        "writeConcernMajorityJournalDefault": durable,
        "members": [{ "_id": 0, "host": address(port) }],
        // The set has one voter, so elections need no time.
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
