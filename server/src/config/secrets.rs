//! The keys that encrypt credentials.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};

use super::{Secret, Section, problems::SectionProblems};

const FILE: &str = "master.key";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretsConfig {
    /// 32 bytes in Base64. Required where PostgreSQL is not a private one.
    pub master_key: Option<Secret>,
    /// Keys that `master_key` replaced: they decrypt older credentials until `rotate-credentials` has re-encrypted all.
    pub former_keys: Vec<Secret>,
}

/// 32 bytes. Without them, the encrypted credentials are lost.
#[derive(Debug)]
pub struct MasterKey(SecretBox<[u8; 32]>);

impl MasterKey {
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        Some(Self(SecretBox::new(Box::new(bytes.try_into().ok()?))))
    }

    /// The key of a folder of private databases. Created at the first use, readable by its owner only.
    ///
    /// # Errors
    /// If the file cannot be read or written, or does not hold a key.
    pub fn of_folder(root: &Path) -> std::io::Result<Self> {
        let path = root.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => create(root, &path)?,
            result => result?,
        };
        Self::parse(&text).ok_or_else(|| {
            std::io::Error::new(
                ErrorKind::InvalidData,
                format!("{} does not hold 32 bytes in Base64", path.display()),
            )
        })
    }
}

/// Writes the file under another name and links it: an incomplete key is never read, and an existing key is never replaced.
fn create(root: &Path, path: &Path) -> std::io::Result<String> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let text = STANDARD.encode(bytes);
    std::fs::create_dir_all(root)?;
    let draft = root.join(format!("{FILE}.{}", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::read_to_string(path),
        result => result.map(|()| text),
    }
}

impl SecretsConfig {
    /// The configured key; `None` when it is not set.
    #[must_use]
    pub fn key(&self) -> Option<MasterKey> {
        self.master_key.as_ref().and_then(|text| MasterKey::parse(text.expose()))
    }

    /// The former keys that are valid.
    #[must_use]
    pub fn former(&self) -> Vec<MasterKey> {
        self.former_keys.iter().filter_map(|text| MasterKey::parse(text.expose())).collect()
    }
}

impl Section for SecretsConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        let all = self.former().len() == self.former_keys.len();
        problems.require(all, "former_keys", "a list of 32 bytes in Base64 each (44 characters)");
        let fits = self.master_key.is_none() || self.key().is_some();
        problems.require(fits, "master_key", "32 bytes in Base64 (44 characters)");
    }
}
