//! Lists the manifests of integrations, so that a new folder is found without a register. A macro could embed a
//! folder too, but does not notice files that are added to it.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

const FOLDER: &str = "src/automation/integrations";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={FOLDER}");
    let root = folder("CARGO_MANIFEST_DIR")?.join(FOLDER);
    let mut folders: Vec<_> = fs::read_dir(&root)?.collect::<Result<_, _>>()?;
    folders.sort_by_key(fs::DirEntry::file_name);
    let mut list = String::from("&[\n");
    for folder in folders {
        let file = folder.path().join("manifest.toml");
        if file.is_file() {
            let not_text = || io::Error::from(io::ErrorKind::InvalidFilename);
            let key = folder.file_name().into_string().map_err(|_| not_text())?;
            let file = file.to_str().ok_or_else(not_text)?;
            let _ = writeln!(list, "    ({key:?}, include_str!({file:?})),");
        }
    }
    list.push_str("]\n");
    fs::write(folder("OUT_DIR")?.join("manifests.rs"), list)
}

/// A folder that Cargo names in the environment of a build script. Read when the script runs, because a target folder
/// that is copied to another checkout keeps the compiled script.
fn folder(variable: &str) -> io::Result<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "Cargo tells build scripts their folders this way only")]
    let value = std::env::var_os(variable).ok_or(io::ErrorKind::NotFound)?;
    Ok(Path::new(&value).to_path_buf())
}
