//! Finds the programs of the engines: on the path, and in the folders of distributions and `make install`.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::EngineError;

/// `mongod` under a cache folder, as `make install` installs it.
const MONGOD: &str = "triptych/mongod-6.0.5/mongod";

/// The folder with `initdb` and `postgres`; of several versions, the highest.
pub(super) fn postgres() -> Result<PathBuf, EngineError> {
    let holds_both =
        |folder: &PathBuf| executable(&folder.join("initdb")) && executable(&folder.join("postgres"));
    search_path()
        .into_iter()
        .find(holds_both)
        .or_else(|| distribution_folders().into_iter().find(holds_both))
        .or_else(|| configured_folder().filter(holds_both))
        .ok_or(EngineError::Missing {
            engine: "PostgreSQL",
            program: "initdb",
            looked: "on the path, in /usr/lib/postgresql or in the folder of pg_config",
            setting: "`postgres.url`",
        })
}

pub(super) fn redis() -> Result<PathBuf, EngineError> {
    on_path("redis-server").or_else(|| on_path("valkey-server")).ok_or(EngineError::Missing {
        engine: "Redis",
        program: "redis-server",
        looked: "on the path",
        setting: "`redis.url`",
    })
}

/// `mongod`: from `TRIPTYCH_MONGOD`, the path, or `make install`.
pub(super) fn mongod() -> Result<PathBuf, EngineError> {
    let home = environment("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| Path::new(&home).join(".cache")));
    let installed = home.into_iter().chain([PathBuf::from("/var/cache")]).map(|cache| cache.join(MONGOD));
    environment("TRIPTYCH_MONGOD")
        .map(PathBuf::from)
        .or_else(|| on_path("mongod"))
        .into_iter()
        .chain(installed)
        .find(|program| executable(program))
        .ok_or(EngineError::Missing {
            engine: "MongoDB",
            program: "mongod",
            looked: "in TRIPTYCH_MONGOD, on the path or installed by `make install`",
            setting: "`mongo.url`",
        })
}

/// `setpriv` of util-linux, which makes the kernel end an engine with its parent.
pub(super) fn setpriv() -> Option<PathBuf> {
    on_path("setpriv")
}

fn distribution_folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(Iterator::flatten)
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.trim_start_matches("postgresql@").parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

fn configured_folder() -> Option<PathBuf> {
    let output = std::process::Command::new(on_path("pg_config")?).arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn on_path(program: &str) -> Option<PathBuf> {
    search_path().into_iter().map(|folder| folder.join(program)).find(|path| executable(path))
}

/// The path, and folders of administrators' programs, which the paths of ordinary users often lack.
fn search_path() -> Vec<PathBuf> {
    let path = environment("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/bin".into()]).collect()
}

fn executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The location of programs is a property of the machine, not a setting of the product.
fn environment(name: &str) -> Option<OsString> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads properties of the machine")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}
