//! The messages about wrong settings.

use std::path::PathBuf;

use super::sources::Surroundings;
use super::*;

/// A folder with a `triptych.toml`, removed at the end, and some variables.
struct Given(Surroundings);

impl Given {
    fn new(name: &str, file: &str, variables: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("triptych-config-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("triptych.toml"), file).unwrap();
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self(Surroundings { folder, variables })
    }

    fn load(&self, overrides: &Overrides) -> Result<Config, ConfigError> {
        Config::load_from(overrides, &self.0)
    }

    /// All problems, one a line.
    #[track_caller]
    fn problems(&self, overrides: &Overrides) -> String {
        self.load(overrides).unwrap_err().to_string()
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0.folder).unwrap();
    }
}

#[track_caller]
fn assert_all_in(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[test]
fn the_defaults_are_complete_and_valid() {
    let config = Given::new("defaults", "", &[]).load(&Overrides::default()).unwrap();
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.workers.action, 100);
    assert!(config.redis.queue().is_none());
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let file = "[telemetry]\nlog = \"warn\"\n[http]\nbind = \"127.0.0.1:1\"\n[workers]\nflow = 7\n";
    let variables = [("TRIPTYCH__TELEMETRY__LOG", "error"), ("TRIPTYCH__HTTP__BIND", "127.0.0.1:2")];
    let flags = Overrides { bind: Some("127.0.0.1:3".to_owned()), ..Overrides::default() };
    let config = Given::new("order", file, &variables).load(&flags).unwrap();
    assert_eq!((config.workers.flow, config.telemetry.log.as_str()), (7, "error"));
    assert_eq!(config.http.bind.port(), 3);
    assert_eq!(config.workers.trigger, 50);
}

#[test]
fn every_unreadable_value_is_named_with_its_source_and_what_was_expected() {
    let file =
        "[http]\nbnid = 1\nbody_limit = \"many\"\n[htpt]\na = 1\n[providers.local]\nkind = \"opnai\"\n";
    let given = Given::new("unreadable", file, &[("TRIPTYCH__TELEMETRY__FORMAT", "xml")]);
    assert_all_in(
        &given.problems(&Overrides::default()),
        &[
            "`http.bnid`",
            "did you mean `bind`?",
            "`http.body_limit`",
            "triptych.toml): expected",
            "`htpt`",
            "did you mean `http`?",
            "`providers.local.kind`",
            "`telemetry.format` (environment variable TRIPTYCH__TELEMETRY__FORMAT): expected one of text, json",
        ],
    );
}

#[test]
fn every_value_out_of_range_is_named_and_no_secret_is_shown() {
    let variables = [
        ("TRIPTYCH__WORKERS__FLOW", "0"),
        ("TRIPTYCH__SECRETS__MASTER_KEY", "tooshort"),
        ("TRIPTYCH__REDIS__QUEUE_URL", "redis://a"),
    ];
    let flags = Overrides { mongo_url: Some("http://x".to_owned()), ..Overrides::default() };
    let found = Given::new("range", "", &variables).problems(&flags);
    assert_all_in(
        &found,
        &[
            "`mongo.url` (flag --mongo-url): expected a URL that begins with mongodb://",
            "`workers.flow` (environment variable TRIPTYCH__WORKERS__FLOW): expected 1 to 10000",
            "`secrets.master_key`",
            "`redis.cache_url` (not set)",
        ],
    );
    assert!(!found.contains("tooshort"), "{found}");
}

#[test]
fn unreadable_values_and_values_out_of_range_are_reported_together() {
    let file = "redis = 1\n[http]\nbody_limit = \"many\"\n[providers]\nlocal = 1\n[providers.other]\nbase_url = \"x\"\n";
    let given = Given::new("together", file, &[("TRIPTYCH__WORKERS__FLOW", "0")]);
    let found = given.problems(&Overrides::default());
    assert_all_in(
        &found,
        &[
            "`redis` (",
            "expected a section, found a whole number",
            "`http.body_limit` (",
            "expected a whole number, found text",
            "`providers.local` (",
            "`providers.other.kind` (not set): is required",
            "`workers.flow` (environment variable TRIPTYCH__WORKERS__FLOW): expected 1 to 10000",
        ],
    );
    assert!(found.starts_with("the configuration has 5 errors:"), "{found}");
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let flags = Overrides { config: Some(PathBuf::from("/nowhere/triptych.toml")), ..Overrides::default() };
    assert_all_in(&Given::new("missing", "", &[]).problems(&flags), &["/nowhere/triptych.toml", "--config"]);
}

#[test]
fn a_file_that_is_not_toml_is_named() {
    let given = Given::new("grammar", "[http\n", &[]);
    assert_all_in(&given.problems(&Overrides::default()), &["triptych.toml is not valid TOML"]);
}

#[test]
fn printing_shows_no_secret_and_can_be_read_again() {
    let variables = [
        ("TRIPTYCH__POSTGRES__URL", "postgres://ann:s3cret@db/app"),
        ("TRIPTYCH__PROVIDERS__LOCAL__KIND", "openai"),
        ("TRIPTYCH__PROVIDERS__LOCAL__API_KEY", "sk-s3cret"),
    ];
    let config = Given::new("printing", "", &variables).load(&Overrides::default()).unwrap();
    let text = config.to_redacted_toml().unwrap();
    assert!(!text.contains("s3cret") && !format!("{config:?}").contains("s3cret"), "{text}");
    assert_all_in(&text, &["url = \"postgres://ann:[redacted]@db/app\""]);
    Given::new("printed", &text, &[]).load(&Overrides::default()).unwrap();
}

#[test]
fn the_master_key_of_a_folder_is_readable_by_its_owner_only() {
    let given = Given::new("key", "", &[]);
    let first = *MasterKey::of_folder(&given.0.folder).unwrap().expose();
    assert_eq!(*MasterKey::of_folder(&given.0.folder).unwrap().expose(), first);
    let file = given.0.folder.join("master.key").metadata().unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&file) & 0o777, 0o600);
}
