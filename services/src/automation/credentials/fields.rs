//! The secret fields of a credential.

use serde_json::Value;
use triptych_stores::error::Invalid;

use crate::automation::integrations::CredentialKind;

/// Fields that the integration accepts, as JSON of up to 65,536 characters. Without `Debug`, as they are secret.
pub(super) struct SecretFields(String);

impl SecretFields {
    const LONGEST: usize = 65_536;

    /// # Errors
    /// Each field that does not match the schema of the integration.
    pub(super) fn parse(path: &str, fields: &Value, kind: &CredentialKind) -> Result<Self, Invalid> {
        let json = fields.to_string();
        if json.chars().count() > Self::LONGEST {
            let message = format!("must have at most {} characters as JSON", Self::LONGEST);
            return Err(Invalid::one(path, message));
        }
        Invalid::check(kind.fields.check(fields, path))?;
        Ok(Self(json))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
