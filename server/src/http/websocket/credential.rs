//! The credential of a connection: from `connection_init`, else from the handshake.

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::http::authentication::{Credential, bearer};

/// Chooses the credential. `Err` when the payload contains one that is not a bearer token.
///
/// It is `authorization` or `token` of the payload, or of its `headers`, in any case; else that of the handshake.
pub(super) fn choose(
    payload: &Map<String, Value>,
    handshake: Option<Credential>,
) -> Result<Option<Credential>, ()> {
    let headers = payload.get("headers").and_then(Value::as_object);
    for fields in [Some(payload), headers].into_iter().flatten() {
        for (name, value) in fields {
            let token = match name.to_ascii_lowercase().as_str() {
                "authorization" => value.as_str().filter(|text| !text.is_empty()).map(bearer),
                "token" => value.as_str().filter(|text| !text.is_empty()).map(plain),
                _ => continue,
            };
            match token {
                Some(Some(token)) => return Ok(Some(Credential::Bearer(token))),
                None if value.is_null() || value.is_string() => {}
                Some(None) | None => return Err(()),
            }
        }
    }
    Ok(handshake)
}

/// A token with or without the scheme `Bearer`.
#[expect(clippy::unnecessary_wraps, reason = "shaped like `bearer`")]
fn plain(token: &str) -> Option<SecretString> {
    Some(bearer(token).unwrap_or_else(|| token.to_owned().into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chosen(payload: Value) -> Result<Option<String>, ()> {
        let Value::Object(payload) = payload else { panic!() };
        let handshake = Some(Credential::Cookie("cookie".to_owned().into()));
        choose(&payload, handshake).map(|found| found.map(|credential| credential.token().to_owned()))
    }

    #[test]
    fn the_payload_takes_precedence_over_the_handshake() {
        let a = Ok(Some("a".to_owned()));
        assert_eq!(chosen(json!({ "authorization": "Bearer a" })), a);
        assert_eq!(chosen(json!({ "Authorization": "bearer a" })), a);
        assert_eq!(chosen(json!({ "token": "a" })), a);
        assert_eq!(chosen(json!({ "headers": { "Authorization": "Bearer a" } })), a);
        assert_eq!(chosen(json!({ "x": 1 })), Ok(Some("cookie".to_owned())));
        assert_eq!(chosen(json!({ "authorization": null })), Ok(Some("cookie".to_owned())));
    }

    #[test]
    fn other_schemes_and_types_are_refused() {
        assert_eq!(chosen(json!({ "authorization": "Basic YTpi" })), Err(()));
        assert_eq!(chosen(json!({ "authorization": 1 })), Err(()));
    }
}
