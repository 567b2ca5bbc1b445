//! Lists the manifests of integrations, so that a new folder is found without a register. A macro could embed a
//! folder too, but does not notice files that are added to it.

use std::{fmt::Write as _, fs, io, path::Path};

const FOLDER: &str = "src/automation/integrations";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed={FOLDER}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
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
    #[expect(
        clippy::disallowed_methods,
        reason = "Cargo tells build scripts their output folder this way only"
    )]
    let out = std::env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("manifests.rs"), list)
}
