//! The form of passwords.

use secrecy::{ExposeSecret as _, SecretString};

use crate::input::Refusal;

/// Shorter ones are guessed too fast.
const MIN_LENGTH: usize = 8;
/// Longer ones only cost time.
const MAX_LENGTH: usize = 256;

/// Checks the length of a new password.
pub(super) fn check(password: &SecretString) -> Result<(), Refusal> {
    if (MIN_LENGTH..=MAX_LENGTH).contains(&password.expose_secret().chars().count()) {
        Ok(())
    } else {
        Err("must have 8 to 256 characters")
    }
}

/// Whether an account can have the address and the password. What is longer is wrong without a hash.
pub(super) fn is_possible(email: &str, password: &SecretString) -> bool {
    email.len() <= 4 * 254 && password.expose_secret().len() <= 4 * MAX_LENGTH
}
