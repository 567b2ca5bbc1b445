//! Passwords for engines.

use std::io::Read;

use super::EngineError;

/// 192 random bits from the operating system, in hexadecimal, which a URL does not have to escape.
pub(super) fn generate() -> Result<String, EngineError> {
    const SOURCE: &str = "/dev/urandom";
    let mut bytes = [0; 24];
    std::fs::File::open(SOURCE)
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(EngineError::file("read", SOURCE))?;
    Ok(hex::encode(bytes))
}
