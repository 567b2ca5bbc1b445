//! The payload of a request: one operation, or a batch.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use triptych_schema::Request;
use triptych_services::error::Code;

use super::Refusal;

/// One request, or several that are answered in order.
#[derive(Debug)]
pub(super) enum Payload {
    One(Request),
    Batch(Vec<Request>),
}

/// Parses a body.
///
/// # Errors
/// 400 for a body that is no request, and for a batch that is empty or too long.
pub(super) fn of_body(body: &[u8], batch_size: usize) -> Result<Payload, Refusal> {
    if !body.trim_ascii_start().starts_with(b"[") {
        return json(body).map(Payload::One);
    }
    let requests: Vec<Request> = json(body)?;
    if requests.is_empty() {
        return Err(Refusal::malformed("the batch is empty"));
    }
    if requests.len() > batch_size {
        let message =
            format!("a batch can have at most {batch_size} operations; this one has {}", requests.len());
        return Err(Refusal::new(StatusCode::BAD_REQUEST, Code::LimitExceeded, message));
    }
    Ok(Payload::Batch(requests))
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::malformed(format!("the body is not a GraphQL request: {error}")))
}

/// `?query=…&operationName=…&variables={…}&extensions={…}`
///
/// # Errors
/// 400 for a query string that is no request.
pub(super) fn of_query_string(text: &str) -> Result<Request, Refusal> {
    let mut request = Request::default();
    let mut has_query = false;
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        match name.as_ref() {
            "query" => {
                request.query = value.into_owned();
                has_query = true;
            }
            "operationName" => request.operation_name = Some(value.into_owned()),
            "variables" => request.variables = parameter("variables", &value)?,
            "extensions" => request.extensions = parameter("extensions", &value)?,
            _ => {}
        }
    }
    if has_query { Ok(request) } else { Err(Refusal::malformed("the parameter `query` is missing")) }
}

fn parameter<T: DeserializeOwned + Default>(name: &str, text: &str) -> Result<T, Refusal> {
    if text.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(text)
        .map_err(|error| Refusal::malformed(format!("the parameter `{name}` is not a JSON object: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_a_request() {
        let request = of_query_string("query=%7B+a+%7D&operationName=A&variables=%7B%22x%22%3A1%7D").unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{ a }", Some("A")));
        assert_eq!(request.variables.unwrap()["x"], 1);
        assert!(of_query_string("operationName=A").is_err());
        assert!(of_query_string("query=x&variables=1").is_err());
    }

    #[test]
    fn bodies_are_one_or_a_batch() {
        assert!(matches!(of_body(br#"{"query":"{a}","unknown":1}"#, 2), Ok(Payload::One(_))));
        assert!(matches!(of_body(br#" [{"query":"{a}"},{"query":"{b}"}]"#, 2), Ok(Payload::Batch(_))));
        for wrong in ["[]", "", "1", "{}", r#"[{"query":"a"},{"query":"a"},{"query":"a"}]"#, r#"{"query":1}"#]
        {
            assert!(of_body(wrong.as_bytes(), 2).is_err(), "{wrong}");
        }
    }
}
