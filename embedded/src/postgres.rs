//! PostgreSQL: initialised once, listening on a Unix socket in a folder that only its user can enter, and therefore
//! without a password.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;

use super::place::Place;
use super::process::{EngineProcess, Launch, command, tail};
use super::{EngineError, Started, binaries, files, place};

const ENGINE: &str = "PostgreSQL";
const USER: &str = "triptych";
const DATABASE: &str = "triptych";
/// Part of the name of the socket file; the server opens no port.
const PORT: u16 = 5432;
const ADVICE: &str = "If another version of PostgreSQL wrote the data, install that version, or move the folder `postgres` away.";
const INITDB_LIMIT: Duration = Duration::from_mins(1);

pub(super) async fn start(place: &Place, durable: bool) -> Result<Started, EngineError> {
    let programs = binaries::postgres()?;
    let data = place.engine("postgres");
    // The cluster is renamed into place when it is complete, so this file means a complete cluster.
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
        // Fast shutdown: ends sessions, and writes a checkpoint.
        graceful: Signal::INT,
        // Immediate shutdown: also ends the server's child processes and frees shared memory.
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
        // Compiling a plan costs more than it saves for queries of few rows.
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

/// The folder of the socket takes the place of the host, percent-encoded.
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

/// Waits until the last line of the pid file, which contains the state of the server, is `ready`.
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
        // Left by a start that was killed.
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

/// Copies a throw-away cluster from the template of this machine, which takes a tenth of the time of initdb.
async fn copy_template(programs: &Path, place: &Place, target: &Path) -> Result<(), EngineError> {
    let template = template_folder(programs, place);
    if !template.join("PG_VERSION").exists() {
        let draft = template.with_extension(std::process::id().to_string());
        place.create_private(&draft)?;
        initdb(programs, place, &draft, &["--no-sync", "--wal-segsize=1"]).await?;
        if std::fs::rename(&draft, &template).is_err() {
            // Another process was faster; its template is equivalent.
            let _ = std::fs::remove_dir_all(&draft);
        }
    }
    // Fails for a folder that another user has created.
    place.create_private(&template)?;
    place.create_private(target)?;
    let from = template.join(".").display().to_string();
    let to = target.display().to_string();
    run(Path::new("/bin/cp"), place, &["-pR", &from, &to], "").await
}

/// One template for each user and version, named by path, time and size of the server's program.
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
    // Sorting in byte order, which every index supports; upper and lower case of Unicode where the C library has it.
    let case = if cfg!(target_os = "linux") { "--lc-ctype=C.UTF-8" } else { "--lc-ctype=C" };
    let mut arguments = vec!["-D", &folder, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", case];
    arguments.extend(more);
    run(&programs.join("initdb"), place, &arguments, "").await?;
    let statement = format!("CREATE DATABASE {DATABASE};\n");
    run(&programs.join("postgres"), place, &["--single", "-D", &folder, "postgres"], &statement).await
}

/// Runs a program to its end as the user of the databases.
async fn run(program: &Path, place: &Place, arguments: &[&str], input: &str) -> Result<(), EngineError> {
    let log = place.log("postgres-initialise");
    let failed = |reason: String| EngineError::Start {
        engine: ENGINE,
        reason,
        log: log.clone(),
        tail: tail(&log),
        advice: ADVICE,
    };
    let output = files::create_anew(&log).map_err(EngineError::file("open", &log))?;
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
        // A program that does not read its input writes the reason to its log.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    match tokio::time::timeout(INITDB_LIMIT, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(format!("{} exited with {status}.", program.display()))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("{} took more than {} s.", program.display(), INITDB_LIMIT.as_secs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_folder_is_percent_encoded_as_the_host() {
        assert_eq!(url(Path::new("/tmp/a b")), "postgres://triptych@%2Ftmp%2Fa%20b:5432/triptych");
    }
}
