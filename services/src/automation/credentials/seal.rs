//! Encrypts with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha). A random 24-byte nonce precedes the ciphertext. The id of
//! the record is authenticated as associated data, so a ciphertext cannot be moved to another record.

use std::collections::BTreeMap;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::{Digest as _, Sha256};
use triptych_stores::error::ServiceError;

const NONCE: usize = 24;

/// A 256-bit key.
pub type Key = SecretBox<[u8; 32]>;

/// The keys that records may be sealed with. New records use the current one.
pub struct Keyring {
    current: String,
    keys: BTreeMap<String, Key>,
}

/// A value that cannot be encrypted or decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("no key `{0}`; add it to the configured keys")]
    UnknownKey(String),
    #[error("the encrypted value is damaged, or belongs to another record")]
    Damaged,
}

impl From<SealError> for ServiceError {
    fn from(error: SealError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The stored form of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key_id: String,
    pub bytes: Vec<u8>,
}

impl Keyring {
    /// The first key is the current one; the others are only used to decrypt.
    #[must_use]
    pub fn new(current: Key, former: Vec<Key>) -> Self {
        let id = key_id(&current);
        let mut keys: BTreeMap<String, Key> = former.into_iter().map(|key| (key_id(&key), key)).collect();
        keys.insert(id.clone(), current);
        Self { current: id, keys }
    }

    /// The id of the key that encrypts new records.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    /// # Errors
    /// If the cipher fails, which a message below its limit of 256 GiB cannot cause.
    pub fn seal(&self, nonce: [u8; NONCE], record: &[u8], plain: &[u8]) -> Result<Sealed, SealError> {
        let cipher = self.cipher(&self.current)?;
        let payload = Payload { msg: plain, aad: record };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        Ok(Sealed { key_id: self.current.clone(), bytes: [nonce.as_slice(), &sealed].concat() })
    }

    /// # Errors
    /// `UnknownKey` if the key is not configured; `Damaged` if the value was changed or moved.
    pub fn open(&self, record: &[u8], sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let cipher = self.cipher(&sealed.key_id)?;
        let (nonce, ciphertext) = sealed.bytes.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        let payload = Payload { msg: ciphertext, aad: record };
        cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Damaged)
    }

    fn cipher(&self, id: &str) -> Result<XChaCha20Poly1305, SealError> {
        let key = self.keys.get(id).ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        Ok(XChaCha20Poly1305::new(key.expose_secret().into()))
    }
}

/// Derives the id of a key, which does not reveal the key.
fn key_id(key: &Key) -> String {
    hex::encode(&Sha256::digest(key.expose_secret())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key::new(Box::new([byte; 32]))
    }

    #[test]
    fn former_keys_decrypt_and_moved_records_are_refused() {
        let old = Keyring::new(key(1), Vec::new());
        let sealed = old.seal([7; NONCE], b"record", b"secret").unwrap();
        let new = Keyring::new(key(2), vec![key(1)]);
        assert_eq!(new.open(b"record", &sealed).unwrap(), b"secret");
        assert_eq!(new.open(b"another", &sealed), Err(SealError::Damaged));
        assert_eq!(
            Keyring::new(key(2), Vec::new()).open(b"record", &sealed),
            Err(SealError::UnknownKey(sealed.key_id.clone()))
        );
    }
}
