//! Hashes passwords with Argon2id, on blocking threads: a hash takes tens of milliseconds of CPU time.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use triptych_stores::error::{Result, ServiceError};

use crate::input::Refusal;

/// Shorter ones are guessed too fast.
const MIN_LENGTH: usize = 8;
/// Longer ones only cost time.
const MAX_LENGTH: usize = 256;

/// Checks the length of a password.
pub(super) fn check(password: &SecretString) -> Result<(), Refusal> {
    if (MIN_LENGTH..=MAX_LENGTH).contains(&password.expose_secret().chars().count()) {
        Ok(())
    } else {
        Err("must have 8 to 256 characters")
    }
}

/// Hashes a password into a PHC string.
pub(super) async fn hash(password: SecretString, salt: [u8; 16]) -> Result<String> {
    blocking(move || {
        Argon2::default()
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| ServiceError::Internal(error.to_string()))
    })
    .await?
}

/// Verifies a password against its hash.
pub(super) async fn verify(password: SecretString, phc: String) -> Result<bool> {
    blocking(move || {
        let hash = PasswordHash::new(&phc).map_err(|error| ServiceError::Internal(error.to_string()))?;
        Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
    })
    .await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ServiceError::Internal(error.to_string()))
}
