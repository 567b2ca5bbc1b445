//! Reads the sections one by one and gathers every problem, so that a person mends all of them at once.

use std::collections::BTreeMap;

use figment::Figment;
use figment::error::Kind;
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::check::nearest;
use super::{Config, ConfigError, Problem, ProviderConfig};

const SECTIONS: [&str; 12] = [
    "http",
    "postgres",
    "mongo",
    "redis",
    "workers",
    "demo",
    "sessions",
    "limits",
    "telemetry",
    "embedded",
    "secrets",
    "providers",
];

pub(super) struct Problems<'a> {
    sources: &'a Figment,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(sources: &'a Figment) -> Self {
        Self { sources, found: Vec::new() }
    }

    /// Notes that the value of `key` is not what was expected.
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.found.push(Problem { key: key.to_owned(), source: self.source(key), message: message.into() });
    }

    /// Notes a problem unless `holds`.
    pub(super) fn require(&mut self, holds: bool, key: &str, expected: &str) {
        if !holds {
            self.add(key, format!("expected {expected}"));
        }
    }

    pub(super) fn into_result(self, config: Config) -> Result<Config, ConfigError> {
        if self.found.is_empty() { Ok(config) } else { Err(self.into_error()) }
    }

    pub(super) fn into_error(self) -> ConfigError {
        ConfigError::Invalid(self.found)
    }

    /// All sections, or `None` when one cannot be read; the others' problems are gathered even then.
    pub(super) fn read_all(&mut self) -> Option<Config> {
        self.unknown_sections();
        let (http, postgres, mongo, redis) =
            (self.section("http"), self.section("postgres"), self.section("mongo"), self.section("redis"));
        let (workers, demo, sessions, limits) =
            (self.section("workers"), self.section("demo"), self.section("sessions"), self.section("limits"));
        let (telemetry, embedded, secrets, providers) =
            (self.section("telemetry"), self.section("embedded"), self.section("secrets"), self.providers());
        Some(Config {
            http: http?,
            postgres: postgres?,
            mongo: mongo?,
            redis: redis?,
            workers: workers?,
            demo: demo?,
            sessions: sessions?,
            limits: limits?,
            telemetry: telemetry?,
            embedded: embedded?,
            secrets: secrets?,
            providers,
        })
    }

    fn unknown_sections(&mut self) {
        let all: Dict = self.sources.extract().unwrap_or_default();
        for name in all.keys().filter(|name| !SECTIONS.contains(&name.as_str())) {
            let hint = nearest(name, &SECTIONS);
            self.add(name, format!("there is no such section{hint}"));
        }
    }

    fn section<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.sources.find_value(name).unwrap_or_else(|_| Value::from(Dict::new()));
        self.read(name, &value)
    }

    fn providers(&mut self) -> BTreeMap<String, ProviderConfig> {
        let all = self.sources.find_value("providers").ok().and_then(Value::into_dict).unwrap_or_default();
        all.into_iter()
            .filter_map(|(name, value)| {
                let provider = self.read(&format!("providers.{name}"), &value)?;
                Some((name, provider))
            })
            .collect()
    }

    /// Serde stops at the first problem. The value that caused it is taken out, and the rest read again.
    fn read<T: DeserializeOwned>(&mut self, section: &str, value: &Value) -> Option<T> {
        let Some(mut fields) = value.as_dict().cloned() else {
            self.add(section, "expected a section with keys, not a value");
            return None;
        };
        let mut whole = true;
        loop {
            let error = match Value::from(fields.clone()).deserialize::<T>() {
                Ok(read) => return whole.then_some(read),
                Err(error) => error,
            };
            let removed = match &error.kind {
                Kind::UnknownField(field, known) => {
                    let hint = nearest(field, known);
                    self.add(&format!("{section}.{field}"), format!("there is no such key{hint}"));
                    fields.remove(field)
                }
                // The consequence of a key that was taken out; that one is reported already.
                Kind::MissingField(_) if !whole => return None,
                Kind::MissingField(field) => {
                    self.add(&format!("{section}.{field}"), "is required");
                    return None;
                }
                kind => {
                    let field = error.path.first().cloned().unwrap_or_default();
                    let key =
                        if field.is_empty() { section.to_owned() } else { format!("{section}.{field}") };
                    self.add(&key, describe(kind));
                    fields.remove(&field)
                }
            };
            whole = false;
            removed?;
        }
    }

    /// Where the present value of a key comes from.
    fn source(&self, key: &str) -> String {
        let Some(metadata) = self.sources.find_metadata(key) else { return "not set".to_owned() };
        match &metadata.source {
            Some(figment::Source::File(path)) => path.display().to_string(),
            _ if metadata.name.starts_with("flag ") || metadata.name.starts_with("environment ") => {
                metadata.name.to_string()
            }
            _ => "built-in default".to_owned(),
        }
    }
}

/// Values are not repeated: a key in the wrong place may be a secret.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(actual, expected) => format!("expected {expected}, found {}", type_of(actual)),
        Kind::InvalidValue(_, expected) => format!("expected {expected}"),
        Kind::UnknownVariant(_, known) => format!("expected one of {}", known.join(", ")),
        other => other.to_string(),
    }
}

fn type_of(actual: &figment::error::Actual) -> &'static str {
    use figment::error::Actual;
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Map => "a section",
        Actual::Seq => "a list",
        _ => "something else",
    }
}
