//! PostgreSQL: initialised once, listening on a Unix socket in a folder that only its user can enter, which is
//! why it asks for no password.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;

use super::place::Place;
use super::process::{EngineProcess, Launch, command, tail};
use super::{EngineError, Started, binaries, place};

const ENGINE: &str = "PostgreSQL";
const USER: &str = "triptych";
const DATABASE: &str = "triptych";
/// Only names the socket file; there is no port.
const PORT: u16 = 5432;
const ADVICE: &str =
    "If the data is of another version of PostgreSQL, install that version, or move the folder away.";
const INITDB_LIMIT: Duration = Duration::from_mins(1);

pub(super) async fn start(place: &Place, durable: bool) -> Result<Started, EngineError> {
    let programs = binaries::postgres()?;
    let data = place.engine("postgres");
    // Written last by initdb's bootstrap and renamed into place below, so its presence means a whole cluster.
    if !data.join("PG_VERSION").exists() {
        initialise(&programs, place, durable).await?;
    }
    let pid_file = data.join("postmaster.pid");
    let launch = Launch {
        engine: ENGINE,
        name: "postgres",
        program: programs.join("postgres"),
        arguments: arguments(place, durable),
        input: String::new(),
        // Fast shutdown: ends sessions and writes a checkpoint.
        graceful: Signal::INT,
        // Immediate shutdown: the server processes end too and leave no shared memory behind.
        immediate: Signal::QUIT,
    };
    let mut process = EngineProcess::spawn(launch, place).await?;
    process.until_ready(ready(&pid_file), ADVICE).await?;
    Ok(Started { process, url: url(place.sockets()), port: None })
}

fn arguments(place: &Place, durable: bool) -> Vec<String> {
    let sockets = format!("unix_socket_directories={}", place.sockets().display());
    let mut settings = vec![
        "listen_addresses=",
        sockets.as_str(),
        "unix_socket_permissions=0700",
        "max_connections=300",
        "timezone=UTC",
        "log_timezone=UTC",
        // Compiling a plan costs more than it saves on queries that touch few rows.
        "jit=off",
    ];
    if !durable {
        settings.extend([
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
        ]);
    }
    let mut arguments = vec![
        "-D".to_owned(),
        place.engine("postgres").display().to_string(),
        "-p".to_owned(),
        PORT.to_string(),
    ];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting.to_owned()]));
    arguments
}

/// The socket's folder goes where a host would stand, percent-encoded, which leaves the path to the database.
fn url(sockets: &Path) -> String {
    let folder: String = sockets
        .to_string_lossy()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("postgres://{USER}@{folder}:{PORT}/{DATABASE}")
}

/// The server writes its state into the last line of its pid file.
async fn ready(pid_file: &Path) -> Result<(), std::convert::Infallible> {
    loop {
        let state = tokio::fs::read_to_string(pid_file).await.unwrap_or_default();
        if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn initialise(programs: &Path, place: &Place, durable: bool) -> Result<(), EngineError> {
    let data = place.engine("postgres");
    let draft = place.engine("postgres.new");
    if draft.exists() {
        // Left by a start that was killed half-way.
        std::fs::remove_dir_all(&draft).map_err(EngineError::file("remove", &draft))?;
    }
    if durable {
        place.create_private(&draft)?;
        initdb(programs, place, &draft, &[]).await?;
    } else {
        copy_template(programs, place, &draft).await?;
    }
    // Renaming onto an empty folder replaces it.
    std::fs::rename(&draft, &data).map_err(EngineError::file("move into place", &data))
}

/// Throw-away clusters are copies of one that is made once a machine: copying takes a tenth of initdb's time.
async fn copy_template(programs: &Path, place: &Place, target: &Path) -> Result<(), EngineError> {
    let template = template_folder(programs, place);
    if !template.join("PG_VERSION").exists() {
        let draft = template.with_extension(std::process::id().to_string());
        place.create_private(&draft)?;
        initdb(programs, place, &draft, &["--no-sync", "--wal-segsize=1"]).await?;
        if std::fs::rename(&draft, &template).is_err() {
            // Another process was faster; its template is as good.
            let _ = std::fs::remove_dir_all(&draft);
        }
    }
    // Fails for a folder that somebody else has put there.
    place.create_private(&template)?;
    place.create_private(target)?;
    let from = template.join(".").display().to_string();
    let to = target.display().to_string();
    run(Path::new("/bin/cp"), place, &["-pR", &from, &to], "").await
}

/// One template for each user and version, named by the path and the time of the server's program.
fn template_folder(programs: &Path, place: &Place) -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::os::unix::fs::MetadataExt;
    let mut hasher = DefaultHasher::new();
    let program = programs.join("postgres");
    program.hash(&mut hasher);
    if let Ok(file) = std::fs::metadata(&program) {
        (file.mtime(), file.size()).hash(&mut hasher);
    }
    let user =
        place.account.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.uid);
    place::temporary(place.account.as_ref()).join(format!("triptych-initdb-{user}-{:016x}", hasher.finish()))
}

async fn initdb(programs: &Path, place: &Place, data: &Path, more: &[&str]) -> Result<(), EngineError> {
    let folder = data.display().to_string();
    // Byte order for sorting, which every index can use; upper and lower case of all of Unicode where the
    // system's C library has it.
    let case = if cfg!(target_os = "linux") { "--lc-ctype=C.UTF-8" } else { "--lc-ctype=C" };
    let mut arguments = vec!["-D", &folder, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", case];
    arguments.extend(more);
    run(&programs.join("initdb"), place, &arguments, "").await?;
    let statement = format!("CREATE DATABASE {DATABASE};\n");
    run(&programs.join("postgres"), place, &["--single", "-D", &folder, "postgres"], &statement).await
}

/// Runs a program to its end as the databases' user.
async fn run(program: &Path, place: &Place, arguments: &[&str], input: &str) -> Result<(), EngineError> {
    let log = place.log("postgres-initialise");
    let failed = |reason: String| EngineError::Start {
        engine: ENGINE,
        reason,
        log: log.clone(),
        tail: tail(&log),
        advice: ADVICE,
    };
    let output = std::fs::File::create(&log).map_err(EngineError::file("open", &log))?;
    let errors = output.try_clone().map_err(EngineError::file("open", &log))?;
    let mut command = tokio::process::Command::from(command(program, place));
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors)
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|error| failed(format!("{} could not be run: {error}", program.display())))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input says why in its log.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    match tokio::time::timeout(INITDB_LIMIT, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(format!("{} ended with {status}.", program.display()))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("{} took more than {} s.", program.display(), INITDB_LIMIT.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_folder_stands_percent_encoded_in_the_place_of_the_host() {
        assert_eq!(url(Path::new("/tmp/a b")), "postgres://triptych@%2Ftmp%2Fa%20b:5432/triptych");
    }
}
