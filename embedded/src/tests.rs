//! Tests against the real programs. The instance that is killed is this test program in a second process, with its
//! folder in an environment variable.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use mongodb::bson::{Document, doc};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use super::*;

const FOLDER: &str = "TRIPTYCH_TEST_FOLDER";

fn options(root: &Path, durable: bool) -> EngineOptions {
    EngineOptions { root: root.to_path_buf(), durable, postgres: true, mongo: true, redis: true }
}

/// A new folder under `parent`. The test removes it at its end; a failed test leaves it for inspection.
fn folder(parent: &Path, name: &str) -> PathBuf {
    let path = parent.join(format!("triptych-embedded-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path.canonicalize().unwrap()
}

fn temporary(name: &str) -> PathBuf {
    folder(&std::env::temp_dir(), name)
}

async fn postgres(engines: &Engines) -> DatabaseConnection {
    Database::connect(engines.postgres_url.clone().unwrap()).await.unwrap()
}

async fn mongo(engines: &Engines) -> mongodb::Client {
    mongodb::Client::with_uri_str(engines.mongo_url.as_ref().unwrap()).await.unwrap()
}

async fn write(engines: &Engines) {
    let db = postgres(engines).await;
    db.execute_unprepared("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('there')").await.unwrap();
    let client = mongo(engines).await;
    let mut session = client.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let kept = client.default_database().unwrap().collection::<Document>("kept");
    kept.insert_one(doc! { "word": "there" }).session(&mut session).await.unwrap();
    session.commit_transaction().await.unwrap();
    // The client's shutdown waits for its sessions.
    drop(session);
    client.shutdown().await;
    db.close().await.unwrap();
}

async fn assert_kept(engines: &Engines) {
    let db = postgres(engines).await;
    let row =
        db.query_one_raw(Statement::from_string(DbBackend::Postgres, "SELECT word FROM kept")).await.unwrap();
    assert_eq!(row.unwrap().try_get::<String>("", "word").unwrap(), "there");
    let client = mongo(engines).await;
    let kept = client.default_database().unwrap().collection::<Document>("kept");
    assert_eq!(kept.count_documents(doc! {}).await.unwrap(), 1);
    client.shutdown().await;
    db.close().await.unwrap();
}

/// A process that ends with its test.
struct Instance(Child);

impl Instance {
    /// Kills it as `kill -9` does.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts another process with engines in the folder, and returns when it has written data.
fn start_elsewhere(root: &Path) -> Instance {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::instance_to_be_killed", "--ignored", "--nocapture"])
        .env(FOLDER, root)
        .stdout(Stdio::piped())
        .spawn()
        .map(Instance)
        .unwrap();
    let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    assert!(
        lines.map_while(Result::ok).any(|line| line.contains("written")),
        "the other instance did not start"
    );
    child
}

#[tokio::test]
#[ignore = "started by the tests that kill it"]
async fn instance_to_be_killed() {
    #[expect(clippy::disallowed_methods, reason = "how the tests pass arguments to their second process")]
    let Some(root) = std::env::var_os(FOLDER) else { return };
    let engines = Engines::start(&options(Path::new(&root), true)).await.unwrap();
    write(&engines).await;
    println!("written");
    std::future::pending::<()>().await;
}

fn engines_running_in(root: &Path) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok())
        .filter(|directory| directory.starts_with(root))
        .count()
}

/// The environment variables of the engines that run in a folder, as `NAME=value`.
fn environment_of_engines(root: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let engines = processes.filter(|process| {
        std::fs::read_link(process.join("cwd")).is_ok_and(|folder| folder.starts_with(root))
    });
    let read = |process: PathBuf| std::fs::read(process.join("environ")).unwrap_or_default();
    let lines = engines.map(read).flat_map(|all| String::from_utf8_lossy(&all).into_owned().into_bytes());
    let text = String::from_utf8(lines.collect()).unwrap();
    text.split('\0').filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The code of an error of a command.
fn code(error: &mongodb::error::Error) -> Option<i32> {
    match error.kind.as_ref() {
        mongodb::error::ErrorKind::Command(command) => Some(command.code),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_do_not_get_the_environment_of_the_instance() {
    let root = temporary("environment");
    let mut other = start_elsewhere(&root);
    let environment = environment_of_engines(&root);
    other.kill();
    assert!(environment.iter().any(|variable| variable.starts_with("PATH=")), "{environment:?}");
    assert!(!environment.iter().any(|variable| variable.starts_with(FOLDER)), "{environment:?}");
    stale::end_leftovers(&Place::choose(&root, account::unprivileged().unwrap()).unwrap()).await;
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_requires_a_password_which_survives_the_loss_of_its_file() {
    const UNAUTHORIZED: i32 = 13;
    let root = temporary("password");
    let only_mongo = || EngineOptions { postgres: false, redis: false, ..options(&root, true) };
    let engines = Engines::start(&only_mongo()).await.unwrap();
    let (user, rest) = engines.mongo_url.as_ref().unwrap().split_once('@').unwrap();
    assert!(user.starts_with("mongodb://triptych:"));
    let anonymous = format!("mongodb://{}", rest.replace("&authSource=admin", ""));
    let anonymous = mongodb::Client::with_uri_str(anonymous).await.unwrap();
    let refused = anonymous.list_database_names().await.unwrap_err();
    assert_eq!(code(&refused), Some(UNAUTHORIZED), "{refused}");
    mongo(&engines).await.list_database_names().await.unwrap();
    let key = engines.place.engine("mongo").join("triptych.key");
    engines.stop().await;
    std::fs::remove_file(key).unwrap();

    let engines = Engines::start(&only_mongo()).await.unwrap();
    mongo(&engines).await.list_database_names().await.unwrap();
    engines.stop().await;
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn throw_away_engines_work_and_leave_no_files() {
    let throw_away = EngineOptions::throw_away("test");
    let root = throw_away.root.clone();
    let begin = Instant::now();
    let engines = Engines::start(&throw_away).await.unwrap();
    println!("throw-away: all ready after {:?}", begin.elapsed());
    write(&engines).await;
    assert_kept(&engines).await;
    let redis = redis_client(&engines);
    let mut connection = redis.get_multiplexed_async_connection().await.unwrap();
    ::redis::cmd("SET").arg("a").arg(1).exec_async(&mut connection).await.unwrap();
    engines.stop().await;
    assert_eq!(engines_running_in(&root), 0);
    assert!(!root.join("postgres").exists() && !root.join("mongo").exists() && !root.join("redis").exists());
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn throw_away_data_is_removed_after_a_kill() {
    let only_redis = EngineOptions { postgres: false, mongo: false, ..EngineOptions::throw_away("dropped") };
    drop(Engines::start(&only_redis).await.unwrap());
    tokio::time::timeout(std::time::Duration::from_secs(15), async {
        while only_redis.root.exists() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the folder is still there");
}

fn redis_client(engines: &Engines) -> ::redis::Client {
    ::redis::Client::open(engines.redis_url.as_deref().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn durable_data_survives_a_stop_and_a_change_of_ports() {
    let root = temporary("durable");
    let begin = Instant::now();
    let engines = Engines::start(&options(&root, true)).await.unwrap();
    println!("durable: first start took {:?}", begin.elapsed());
    write(&engines).await;
    let first_url = engines.mongo_url.clone();
    engines.stop().await;

    let begin = Instant::now();
    let engines = Engines::start(&options(&root, true)).await.unwrap();
    println!("durable: second start took {:?}", begin.elapsed());
    assert_eq!(engines.mongo_url, first_url, "a free port is used again");
    assert_kept(&engines).await;
    engines.stop().await;

    let port = Record::load(&root).mongo_port.unwrap();
    let taken = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let occupant = tokio::spawn(async move { while taken.accept().await.is_ok() {} });
    let engines = Engines::start(&options(&root, true)).await.unwrap();
    assert_ne!(engines.mongo_url, first_url);
    assert_kept(&engines).await;
    engines.stop().await;
    occupant.abort();
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_an_instance_stops_its_engines_without_data_loss() {
    let root = temporary("killed");
    let mut other = start_elsewhere(&root);
    assert!(engines_running_in(&root) >= 3);
    other.kill();

    // Immediately, while the engines of the killed instance are shutting down.
    let begin = Instant::now();
    let engines = Engines::start(&options(&root, true)).await.unwrap();
    println!("durable: start after a kill took {:?}", begin.elapsed());
    assert_kept(&engines).await;
    engines.stop().await;
    assert_eq!(engines_running_in(&root), 0);
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_stop_when_their_instance_is_killed() {
    let root = temporary("orphans");
    let mut other = start_elsewhere(&root);
    other.kill();
    tokio::time::timeout(std::time::Duration::from_secs(15), async {
        while engines_running_in(&root) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the engines still run");
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_is_refused_with_the_holders_process_id() {
    let root = temporary("second");
    let mut other = start_elsewhere(&root);
    let error = Engines::start(&options(&root, true)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", other.0.id())), "{error}");
    other.kill();
    stale::end_leftovers(&Place::choose(&root, account::unprivileged().unwrap()).unwrap()).await;
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn throw_away_engines_refuse_a_folder_with_durable_data() {
    let root = temporary("precious");
    Record { durable: true, ..Record::default() }.store(&root).unwrap();
    let error = Engines::start(&options(&root, false)).await.unwrap_err();
    assert!(matches!(error, EngineError::HoldsData { .. }), "{error}");
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn a_failed_start_names_the_engine_and_shows_its_log() {
    let root = temporary("broken");
    let only_postgres = EngineOptions { mongo: false, redis: false, ..options(&root, true) };
    Engines::start(&only_postgres).await.unwrap().stop().await;
    std::fs::write(root.join("postgres/PG_VERSION"), "9.0\n").unwrap();
    let error = Engines::start(&only_postgres).await.unwrap_err().to_string();
    assert!(
        error.starts_with("PostgreSQL did not start") && error.contains("FATAL") && error.contains("install"),
        "{error}"
    );
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn data_are_stored_elsewhere_if_the_user_of_the_databases_cannot_access_the_folder() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let closed = temporary("closed");
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let root = closed.join("checkout/.triptych");
    let only_postgres = EngineOptions { mongo: false, redis: false, ..options(&root, true) };
    for _start in 0..2 {
        let engines = Engines::start(&only_postgres).await.unwrap();
        postgres(&engines).await.ping().await.unwrap();
        engines.stop().await;
    }
    let data = Record::load(&root).data;
    assert!(!data.starts_with(&closed), "{}", data.display());
    std::fs::remove_dir_all(data).unwrap();
    std::fs::remove_dir_all(closed).unwrap();
}
