//! A request as the data of a trigger: `{ method headers query body }`.

use axum::http::{HeaderMap, header, request::Parts};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Refusal, SECRET};

/// Headers with credentials. They are not stored.
const PRIVATE: [&str; 4] = ["authorization", "cookie", "proxy-authorization", SECRET];

/// The data of a request.
///
/// # Errors
/// 400 when the body does not match its content type.
pub(super) fn of(parts: &Parts, body: &[u8]) -> Result<Value, Refusal> {
    let mut data = json!({
        "method": parts.method.as_str(),
        "headers": headers(&parts.headers),
        "query": pairs(parts.uri.query().unwrap_or_default().as_bytes()),
        "body": null,
    });
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match read(content_type.unwrap_or_default(), body)? {
        Body::Value(value) => data["body"] = value,
        Body::Bytes(text) => {
            data["body"] = text.into();
            data["encoding"] = "base64".into();
        }
    }
    Ok(data)
}

enum Body {
    Value(Value),
    /// Binary data in Base64.
    Bytes(String),
}

fn read(content_type: &str, body: &[u8]) -> Result<Body, Refusal> {
    if body.is_empty() {
        return Ok(Body::Value(Value::Null));
    }
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let value = match essence.as_str() {
        json if json == "application/json" || json.ends_with("+json") => serde_json::from_slice(body)
            .map_err(|error| Refusal::malformed(format!("the body is not JSON: {error}")))?,
        "application/x-www-form-urlencoded" => pairs(body),
        text if text.starts_with("text/") || text.ends_with("/xml") || text.ends_with("+xml") => {
            match std::str::from_utf8(body) {
                Ok(text) => text.into(),
                Err(_) => return Ok(Body::Bytes(STANDARD.encode(body))),
            }
        }
        _ => return Ok(Body::Bytes(STANDARD.encode(body))),
    };
    Ok(Body::Value(value))
}

/// Names and values of a form or query string; a repeated name has a list of values.
fn pairs(text: &[u8]) -> Value {
    let mut map = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        add(&mut map, name.into_owned(), value.into_owned());
    }
    Value::Object(map)
}

fn headers(headers: &HeaderMap) -> Value {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in headers {
        if PRIVATE.contains(&name.as_str()) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        match map.get_mut(name.as_str()) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            _ => drop(map.insert(name.as_str().to_owned(), value.into_owned().into())),
        }
    }
    Value::Object(map)
}

fn add(map: &mut Map<String, Value>, name: String, value: String) {
    match map.get_mut(&name) {
        None => drop(map.insert(name, value.into())),
        Some(Value::Array(list)) => list.push(value.into()),
        Some(first) => *first = json!([first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn data(content_type: &str, body: &[u8]) -> Option<Value> {
        let request = Request::post("/webhooks/x?a=1&a=2&b=3")
            .header("Content-Type", content_type)
            .header("Authorization", "Bearer secret")
            .header("X-Webhook-Secret", "secret")
            .header("X-Many", "1")
            .header("X-Many", "2")
            .body(())
            .unwrap();
        of(&request.into_parts().0, body).ok()
    }

    #[test]
    fn bodies_are_parsed_by_their_content_type() {
        assert_eq!(data("application/json; charset=utf-8", b"{\"x\":1}").unwrap()["body"], json!({ "x": 1 }));
        assert_eq!(data("application/cloudevents+json", b"[1]").unwrap()["body"], json!([1]));
        assert_eq!(
            data("application/x-www-form-urlencoded", b"x=1+2").unwrap()["body"],
            json!({ "x": "1 2" })
        );
        assert_eq!(data("text/plain", b"x").unwrap()["body"], json!("x"));
        assert_eq!(data("application/json", b"").unwrap()["body"], Value::Null);
        let bytes = data("application/octet-stream", &[0, 255]).unwrap();
        assert_eq!((&bytes["body"], &bytes["encoding"]), (&json!("AP8="), &json!("base64")));
        assert!(data("application/json", b"{").is_none());
    }

    #[test]
    fn headers_with_credentials_are_not_stored() {
        let data = data("text/plain", b"x").unwrap();
        assert_eq!(data["headers"], json!({ "content-type": "text/plain", "x-many": "1, 2" }));
        assert_eq!(data["query"], json!({ "a": ["1", "2"], "b": "3" }));
    }
}
