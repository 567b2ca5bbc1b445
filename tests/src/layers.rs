//! Layer rules: dependencies between crates, and the length of files. Checked from the workspace, without additional
//! tools.

mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The crates that each crate may depend on.
const LAYERS: [(&str, &[&str]); 10] = [
    ("derive", &[]),
    ("entities", &["derive"]),
    ("migration", &["entities"]),
    ("stores", &["entities"]),
    ("services", &["stores", "entities"]),
    ("engine", &["services", "entities"]),
    ("schema", &["services", "entities"]),
    ("embedded", &[]),
    ("server", &["schema", "engine", "services", "migration", "entities", "embedded"]),
    ("tests", &["server", "embedded"]),
];

/// Libraries that only some crates may depend on, and the reason. `tests` may use all of them.
const OWNED: [(&str, &[&str], &str); 6] = [
    ("async-graphql", &["schema"], "only `schema` knows GraphQL; give it a service to call"),
    (
        "sea-orm",
        &["entities", "migration", "stores", "services", "embedded"],
        "only `services` queries PostgreSQL; add a function there and call it",
    ),
    (
        "mongodb",
        &["stores", "services", "embedded"],
        "only `services` queries MongoDB; add a function there and call it",
    ),
    (
        "redis",
        &["stores", "services", "embedded"],
        "only `stores` and `services` use Redis; add a function there and call it",
    ),
    ("bullmq-official", &["stores", "engine"], "`stores` adds jobs and `engine` works them"),
    ("axum", &["server"], "only `server` speaks HTTP"),
];

const LONGEST_FILE: usize = 350;

#[test]
fn crates_depend_only_on_the_layers_below_them() {
    let members = members();
    let allowed: BTreeMap<_, _> = LAYERS.into_iter().collect();
    let mut broken = Vec::new();
    for (name, package) in &members {
        let Some(may_use) = allowed.get(name.as_str()) else {
            broken.push(format!(
                "{name}/Cargo.toml: the crate has no place among the layers; add it to LAYERS in {}",
                file!()
            ));
            continue;
        };
        for used in workspace_dependencies(package) {
            if !may_use.contains(&used.as_str()) {
                broken.push(format!(
                    "{name}/Cargo.toml: `{name}` must not depend on `{used}`; it may use {}. Move the code down, or \
                     pass what is needed as a trait from above",
                    if may_use.is_empty() { "no other crate".to_owned() } else { may_use.join(", ") }
                ));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn libraries_are_dependencies_only_of_the_crates_that_own_them() {
    let mut broken = Vec::new();
    for (name, package) in members() {
        let used: BTreeSet<_> = dependencies(&package)
            .filter(|dependency| dependency["kind"] != "dev")
            .filter_map(|dependency| dependency["name"].as_str())
            .collect();
        for (library, owners, advice) in OWNED {
            if name != "tests" && used.contains(library) && !owners.contains(&name.as_str()) {
                broken.push(format!("{name}/Cargo.toml: `{library}` in `{name}`: {advice}"));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn files_are_short_enough_to_read() {
    let broken: Vec<_> = sources()
        .filter_map(|(_, file, text)| {
            let lines = text.lines().count();
            (lines > LONGEST_FILE).then(|| {
                format!(
                    "{}: {lines} lines, at most {LONGEST_FILE}. It holds more than one idea: split it",
                    file.display()
                )
            })
        })
        .collect();
    assert_none(&broken);
}

#[test]
fn every_crate_documents_what_it_owns() {
    let broken: Vec<_> = members()
        .keys()
        .map(|name| PathBuf::from(name).join("src/lib.rs"))
        .filter(|file| !read(file).starts_with("//! "))
        .map(|file| {
            format!("{}: open it with `//!`: what the crate owns, and what it must not know", file.display())
        })
        .collect();
    assert_none(&broken);
}

#[test]
fn crates_keep_the_workspaces_lints() {
    let broken: Vec<_> = members()
        .keys()
        .map(|name| PathBuf::from(name).join("Cargo.toml"))
        .filter(|file| !read(file).replace(' ', "").contains("[lints]\nworkspace=true"))
        .map(|file| format!("{}: add `[lints]` with `workspace = true`", file.display()))
        .collect();
    assert_none(&broken);
}

#[track_caller]
fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), broken.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_default()
}

/// The workspace's packages by the name of their folder.
fn members() -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test, so it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    assert!(packages.len() >= LAYERS.len(), "cargo knows only {} packages", packages.len());
    packages.into_iter().map(|package| (folder_of(&package), package)).collect()
}

fn folder_of(package: &Value) -> String {
    let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
    let folder = manifest.parent().and_then(Path::file_name).unwrap_or_default();
    folder.to_string_lossy().into_owned()
}

/// All dependencies of a package, of any kind.
fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().into_iter().flatten()
}

/// The other members that a package uses.
fn workspace_dependencies(package: &Value) -> BTreeSet<String> {
    dependencies(package)
        .filter_map(|dependency| dependency["path"].as_str())
        .filter_map(|path| Some(Path::new(path).file_name()?.to_string_lossy().into_owned()))
        .collect()
}

/// Crate, path from the root, and text of every source file.
fn sources() -> impl Iterator<Item = (String, PathBuf, String)> {
    LAYERS.into_iter().flat_map(|(name, _)| {
        let mut files = Vec::new();
        collect(&root().join(name).join("src"), &mut files);
        assert!(!files.is_empty(), "{name} has no sources");
        files.into_iter().map(move |file| {
            let text = std::fs::read_to_string(&file).expect("a source file is text");
            let relative = file.strip_prefix(root()).unwrap_or(&file).to_path_buf();
            (name.to_owned(), relative, text)
        })
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
