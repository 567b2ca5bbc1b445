//! Who may depend on whom, and how long a file may be: read from the workspace itself, so that the rules hold
//! without anything to install.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What each crate may use of the others.
const LAYERS: [(&str, &[&str]); 7] = [
    ("entities", &[]),
    ("migration", &["entities"]),
    ("services", &["entities"]),
    ("engine", &["services", "entities"]),
    ("schema", &["services", "entities"]),
    ("server", &["schema", "engine", "services", "migration", "entities"]),
    ("tests", &["server"]),
];

/// What only some crates may name in their sources, and why.
const OWNED: [(&str, &[&str], &str); 4] = [
    (
        "async_graphql",
        &["schema"],
        "only `schema` knows GraphQL; give it a service to call, or move this there",
    ),
    (
        "sea_orm",
        &["entities", "migration", "services"],
        "only `services` talks to PostgreSQL; add a verb there and call it",
    ),
    ("mongodb", &["entities", "services"], "only `services` talks to MongoDB; add a verb there and call it"),
    ("redis", &["services"], "only `services` talks to Redis; add a verb there and call it"),
];

/// Places that have a reason to name what their crate otherwise must not.
const EXCEPTIONS: [(&str, &str); 1] = [
    // Starts the databases, asks whether they answer, and makes MongoDB a replica set.
    ("server/src/embedded/", "sea_orm mongodb redis"),
];

const LONGEST_FILE: usize = 500;

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
fn libraries_are_named_only_in_the_crates_that_own_them() {
    let mut broken = Vec::new();
    for (name, file, text) in sources() {
        for (library, owners, advice) in OWNED {
            if name == "tests" || owners.contains(&name.as_str()) || excepted(&file, library) {
                continue;
            }
            for (line, code) in code_lines(&text) {
                if names(code, library) {
                    broken.push(format!("{}:{line}: `{library}` in `{name}`: {advice}", file.display()));
                }
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
fn crates_say_what_they_own() {
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

/// The other members a package uses, for whatever purpose.
fn workspace_dependencies(package: &Value) -> BTreeSet<String> {
    package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
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

fn excepted(file: &Path, library: &str) -> bool {
    EXCEPTIONS.iter().any(|(folder, libraries)| {
        file.starts_with(folder) && libraries.split(' ').any(|excepted| excepted == library)
    })
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether a line names the library as a path (`redis::`, `use redis;`). `super::redis::` is a module of ours.
fn names(line: &str, library: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(library).any(|(start, _)| {
        let before = &code[..start];
        let after = &code[start + library.len()..];
        let outer = before.ends_with("use ::")
            || before.ends_with(" ::")
            || before.ends_with("<::")
            || before.ends_with("(::");
        let whole = !before
            .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '/' | '.' | '"' | '`'));
        (outer || whole)
            && (after.starts_with("::") || (before.trim_end().ends_with("use") && after.starts_with(';')))
    })
}

#[test]
fn the_check_itself_tells_a_library_from_a_module() {
    for code in [
        "use redis::Client;",
        "use ::redis::Client;",
        "let c: redis::Client;",
        "f(redis::cmd())",
        "use redis;",
    ] {
        assert!(names(code, "redis"), "{code}");
    }
    for code in [
        "use super::redis::start;",
        "crate::redis::x()",
        "my_redis::x()",
        "// redis::x()",
        "mod redis;",
        "\"redis://\"",
    ] {
        assert!(!names(code, "redis"), "{code}");
    }
}
