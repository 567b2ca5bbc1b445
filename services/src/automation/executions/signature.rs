//! How a request to a webhook proves that its sender knows the secret: with the secret itself, or with a signature in one
//! of the usual forms. All are HMAC-SHA256 (RFC 2104), over the body and, where the form has one, a time stamp.
//!
//! | scheme | header | signed |
//! |---|---|---|
//! | `plain` | `X-Webhook-Secret`, or `Authorization: Bearer` | nothing; it is the secret |
//! | `github` | `X-Hub-Signature-256: sha256=…` (hexadecimal) | the body |
//! | `stripe` | `Stripe-Signature: t=…,v1=…` (hexadecimal, several) | `{t}.{body}` |
//! | `slack` | `X-Slack-Signature: v0=…` (hexadecimal), `X-Slack-Request-Timestamp` | `v0:{t}:{body}` |
//! | `standard` | `Webhook-Signature: v1,…` (Base64, several), `Webhook-Id`, `Webhook-Timestamp` | `{id}.{t}.{body}` |
//!
//! `standard` is the specification of standardwebhooks.com, whose secrets are Base64 after `whsec_`. A time stamp may
//! differ from now by the tolerance, which limits how long a recorded request can be repeated.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

/// The headers that a proof can be in, in lower case.
pub const PROOF_HEADERS: [&str; 9] = [
    "x-webhook-secret",
    "authorization",
    "x-hub-signature-256",
    "stripe-signature",
    "x-slack-signature",
    "x-slack-request-timestamp",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// Signatures of a request that are compared, at most.
const MOST_SIGNATURES: usize = 10;

/// What a request shows.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The values of those [`PROOF_HEADERS`] that it has.
    pub headers: BTreeMap<String, String>,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

/// The form of a proof.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scheme {
    #[default]
    Plain,
    Github,
    Stripe,
    Slack,
    Standard,
}

/// The secret fields of a webhook's credential.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookSecret {
    pub(super) secret: String,
    #[serde(default)]
    pub(super) scheme: Scheme,
    /// Seconds by which a time stamp may differ from now.
    #[serde(default = "five_minutes")]
    pub(super) tolerance_seconds: i64,
}

fn five_minutes() -> i64 {
    300
}

impl WebhookSecret {
    /// A secret that is sent as it is.
    pub(super) fn plain(secret: String) -> Self {
        Self { secret, scheme: Scheme::Plain, tolerance_seconds: five_minutes() }
    }

    /// Whether the sender of a request knows the secret.
    pub(super) fn is_proved_by(&self, proof: &Proof, now: DateTime<Utc>) -> bool {
        match self.scheme {
            Scheme::Plain => self.is_shown(proof),
            Scheme::Github => {
                let signature = proof.header("x-hub-signature-256").strip_prefix("sha256=");
                signature.is_some_and(|signature| self.signs_in_hex(&[&proof.body], signature))
            }
            Scheme::Stripe => self.is_stripe(proof, now),
            Scheme::Slack => self.is_slack(proof, now),
            Scheme::Standard => self.is_standard(proof, now),
        }
    }

    fn is_shown(&self, proof: &Proof) -> bool {
        let shown = match proof.header("x-webhook-secret") {
            "" => bearer(proof.header("authorization")),
            secret => secret,
        };
        // Comparing codes of both takes the same time wherever they differ.
        match (mac(b"comparison", &[self.secret.as_bytes()]), mac(b"comparison", &[shown.as_bytes()])) {
            (Some(expected), Some(shown)) => expected.verify(&shown.finalize().into_bytes()).is_ok(),
            _ => false,
        }
    }

    fn is_stripe(&self, proof: &Proof, now: DateTime<Utc>) -> bool {
        let parts =
            || proof.header("stripe-signature").split(',').filter_map(|part| part.trim().split_once('='));
        let Some((_, time)) = parts().find(|(name, _)| *name == "t") else { return false };
        let signatures = parts().filter(|(name, _)| *name == "v1").take(MOST_SIGNATURES);
        let signed = [time.as_bytes(), b".", &proof.body];
        self.is_recent(time, now)
            && signatures.into_iter().any(|(_, signature)| self.signs_in_hex(&signed, signature))
    }

    fn is_slack(&self, proof: &Proof, now: DateTime<Utc>) -> bool {
        let time = proof.header("x-slack-request-timestamp");
        let Some(signature) = proof.header("x-slack-signature").strip_prefix("v0=") else { return false };
        self.is_recent(time, now)
            && self.signs_in_hex(&[b"v0:", time.as_bytes(), b":", &proof.body], signature)
    }

    fn is_standard(&self, proof: &Proof, now: DateTime<Utc>) -> bool {
        let (id, time) = (proof.header("webhook-id"), proof.header("webhook-timestamp"));
        let Ok(key) = STANDARD.decode(self.secret.trim_start_matches("whsec_")) else { return false };
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &proof.body];
        let signatures = proof.header("webhook-signature").split(' ').take(MOST_SIGNATURES);
        let mut codes = signatures.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        !id.is_empty()
            && self.is_recent(time, now)
            && codes.any(|code| mac(&key, &signed).is_some_and(|mac| mac.verify_slice(&code).is_ok()))
    }

    fn is_recent(&self, seconds: &str, now: DateTime<Utc>) -> bool {
        let difference = seconds.parse::<i64>().ok().and_then(|time| now.timestamp().checked_sub(time));
        difference
            .is_some_and(|difference| difference.unsigned_abs() <= self.tolerance_seconds.unsigned_abs())
    }

    fn signs_in_hex(&self, parts: &[&[u8]], signature: &str) -> bool {
        let mac = mac(self.secret.as_bytes(), parts);
        let code = hex::decode(signature);
        mac.zip(code.ok()).is_some_and(|(mac, code)| mac.verify_slice(&code).is_ok())
    }
}

impl Proof {
    /// The value of a header, or an empty text.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// The token of an `Authorization` header, or an empty text.
fn bearer(authorization: &str) -> &str {
    match authorization.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    }
}

/// The code of the parts, one after the other. HMAC takes keys of every length, so there always is one.
fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;
    const BODY: &str = r#"{"n":1}"#;

    fn hexadecimal(secret: &str, signed: &str) -> String {
        hex::encode(mac(secret.as_bytes(), &[signed.as_bytes()]).unwrap().finalize().into_bytes())
    }

    fn proved(scheme: Scheme, secret: &str, headers: &[(&str, &str)], body: &str) -> bool {
        let secret = WebhookSecret { secret: secret.to_owned(), scheme, tolerance_seconds: 300 };
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let proof = Proof { headers, body: body.as_bytes().to_vec() };
        secret.is_proved_by(&proof, DateTime::from_timestamp(NOW, 0).unwrap())
    }

    #[test]
    fn the_secret_itself_is_a_proof() {
        let plain = |headers: &[(&str, &str)]| proved(Scheme::Plain, "correct-horse", headers, BODY);
        assert!(plain(&[("x-webhook-secret", "correct-horse")]));
        assert!(plain(&[("authorization", "bearer correct-horse")]));
        assert!(!plain(&[("x-webhook-secret", "correct-hors")]) && !plain(&[]));
        assert!(!plain(&[("authorization", "correct-horse")]));
    }

    #[test]
    fn github_signs_the_body() {
        // The example of GitHub's documentation, "Validating webhook deliveries".
        let known = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let secret = "It's a Secret to Everybody";
        let github =
            |signature, body| proved(Scheme::Github, secret, &[("x-hub-signature-256", signature)], body);
        assert!(github(known, "Hello, World!"));
        assert!(!github(known, "Hello, World"));
        assert!(!github(&known[..60], "Hello, World!") && !github("", "Hello, World!"));
    }

    #[test]
    fn stripe_signs_time_and_body() {
        let signature = hexadecimal("whsec_x", &format!("{NOW}.{BODY}"));
        let stripe = |header: &str| proved(Scheme::Stripe, "whsec_x", &[("stripe-signature", header)], BODY);
        assert!(stripe(&format!("t={NOW},v1={signature},v0=ab")));
        assert!(stripe(&format!("t={NOW},v1={},v1={signature}", "0".repeat(64))), "one of several");
        assert!(!stripe(&format!("t={},v1={signature}", NOW + 1)), "another time");
        let old = NOW - 301;
        let old_signature = hexadecimal("whsec_x", &format!("{old}.{BODY}"));
        assert!(!stripe(&format!("t={old},v1={old_signature}")), "too old");
        assert!(!stripe(&format!("v1={signature}")) && !stripe(&format!("t={NOW}")));
        let beyond = i64::MIN;
        let signature = hexadecimal("whsec_x", &format!("{beyond}.{BODY}"));
        assert!(!stripe(&format!("t={beyond},v1={signature}")));
    }

    #[test]
    fn slack_signs_version_time_and_body() {
        let signature = format!("v0={}", hexadecimal("s3cret", &format!("v0:{NOW}:{BODY}")));
        let slack = |time: &str, body: &str| {
            let headers = [("x-slack-signature", signature.as_str()), ("x-slack-request-timestamp", time)];
            proved(Scheme::Slack, "s3cret", &headers, body)
        };
        assert!(slack(&NOW.to_string(), BODY));
        assert!(!slack(&NOW.to_string(), "{}") && !slack("x", BODY) && !slack("", BODY));
    }

    #[test]
    fn standard_webhooks_sign_id_time_and_body() {
        let key = b"0123456789abcdef";
        let signed = format!("msg_1.{NOW}.{BODY}");
        let code = STANDARD.encode(mac(key, &[signed.as_bytes()]).unwrap().finalize().into_bytes());
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let time = NOW.to_string();
        let standard = |id: &str, signature: &str| {
            let headers =
                [("webhook-id", id), ("webhook-timestamp", time.as_str()), ("webhook-signature", signature)];
            proved(Scheme::Standard, &secret, &headers, BODY)
        };
        assert!(standard("msg_1", &format!("v1,AAAA v1,{code}")));
        assert!(!standard("msg_2", &format!("v1,{code}")) && !standard("msg_1", &code));
    }
}
