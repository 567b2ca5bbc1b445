//! Running an operation that a manifest describes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::{
    Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Map, Value};

use super::{Answer, ErrorRule, Paging, Request, Service, answer, fill::Fill, paging};
use crate::automation::{
    integrations::{ActionError, ActionResult, Call, Outcome, Run, Tools, exchange},
    templates::Renderer,
};
use crate::outbound::Outbound;

const TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP operation of a manifest.
pub(super) struct Described {
    pub(super) renderer: Arc<Renderer>,
    pub(super) service: Arc<Service>,
    pub(super) request: Request,
    pub(super) answer: Answer,
    pub(super) paging: Option<Paging>,
    /// Those of the action, then those of the service.
    pub(super) errors: Vec<ErrorRule>,
    /// The values of absent parameters.
    pub(super) defaults: Map<String, Value>,
    /// The schema of the output, or of an item of it.
    pub(super) output: Map<String, Value>,
}

/// A request that is ready to be sent, once or page by page.
pub(super) struct Prepared<'a> {
    described: &'a Described,
    outbound: &'a Outbound,
    now: DateTime<Utc>,
    request: exchange::Request,
    /// Added to the address when it is sent, so that no page's address carries it on.
    secret_query: Map<String, Value>,
}

#[async_trait]
impl Run for Described {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> ActionResult {
        self.perform(call, &tools.outbound, tools.clock.now()).await.map(Outcome::Done)
    }
}

impl Described {
    pub(super) async fn perform(
        &self,
        call: &Call<'_>,
        outbound: &Outbound,
        now: DateTime<Utc>,
    ) -> Result<Value, ActionError> {
        let mut parameters = self.defaults.clone();
        parameters.extend(call.parameters.as_object().cloned().unwrap_or_default());
        let limit = self.paging.as_ref().and_then(|paging| parameters.get(&paging.limit)?.as_u64());
        let credential = call.credential.as_ref().map(|credential| credential.fields().clone());
        let fill = Fill::new(self.renderer.clone(), Value::Object(parameters), credential);
        let request = self.request(call, &fill)?;
        if let Some(credential) = &call.credential {
            credential.admit(&request.url).await?;
        }
        let secret_query = self.secret_query(call, &fill)?;
        let prepared = Prepared { described: self, outbound, now, request, secret_query };
        if let Some(paging) = &self.paging {
            return paging::collect(&prepared, paging, &self.output, limit).await;
        }
        let (response, mut body) = prepared.fetch(prepared.url().clone()).await?;
        let part = body.pointer_mut(&self.answer.at).map(Value::take).unwrap_or_default();
        answer::output(&self.output, part, &response.host)
    }

    fn request(&self, call: &Call<'_>, fill: &Fill) -> Result<exchange::Request, ActionError> {
        let mut headers = exchange::headers(&fill.fields(&self.service.headers)?)?;
        headers.extend(exchange::headers(&fill.fields(&self.request.headers)?)?);
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let method = exchange::method(&self.request.method)?;
        // Pages of a list are different answers to the same step.
        if !method.is_safe() {
            exchange::idempotency_key(&mut headers, call.execution_step);
        }
        let body = self.body(fill, &mut headers)?;
        let mut secret = HeaderMap::new();
        if call.credential.is_some() {
            for (name, value) in present(fill.fields(&self.service.auth.headers)?) {
                exchange::secret_header(&mut secret, &name, &exchange::scalar(&value).unwrap_or_default())?;
            }
        }
        Ok(exchange::Request { method, url: self.url(fill)?, headers, secret, body })
    }

    fn url(&self, fill: &Fill) -> Result<Url, ActionError> {
        let mut url = exchange::url(&fill.text(&self.service.base)?)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            for segment in self.request.segments() {
                path.push(&fill.segment(segment)?);
            }
        }
        exchange::append_query(&mut url, &fill.fields(&self.request.query)?)?;
        Ok(url)
    }

    fn body(&self, fill: &Fill, headers: &mut HeaderMap) -> Result<Option<String>, ActionError> {
        let (body, content_type) = if let Some(json) = &self.request.json {
            (fill.value(json)?.to_string(), "application/json")
        } else if let Some(form) = &self.request.form {
            let mut pairs = form_urlencoded::Serializer::new(String::new());
            for (name, value) in fill.fields(form)? {
                let text = exchange::scalar(&value).unwrap_or_else(|| value.to_string());
                pairs.append_pair(&name, &text);
            }
            (pairs.finish(), "application/x-www-form-urlencoded")
        } else if let Some(text) = &self.request.text {
            (fill.text(text)?, "text/plain; charset=utf-8")
        } else {
            return Ok(None);
        };
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        Ok(Some(body))
    }

    fn secret_query(&self, call: &Call<'_>, fill: &Fill) -> Result<Map<String, Value>, ActionError> {
        if call.credential.is_none() {
            return Ok(Map::new());
        }
        Ok(present(fill.fields(&self.service.auth.query)?).collect())
    }
}

/// The values that are not empty text.
fn present(fields: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    fields.into_iter().filter(|(_, value)| exchange::scalar(value).is_some_and(|text| !text.is_empty()))
}

impl Prepared<'_> {
    pub(super) fn url(&self) -> &Url {
        &self.request.url
    }

    /// Sends the request to this address, and reads an answer that is no error.
    pub(super) async fn fetch(&self, mut url: Url) -> Result<(exchange::Response, Value), ActionError> {
        let Described { service, errors, .. } = self.described;
        exchange::append_query(&mut url, &self.secret_query)?;
        let request = exchange::Request { url, ..self.request.clone() };
        let timeout = service.timeout_seconds.map_or(TIMEOUT, Duration::from_secs);
        let response = exchange::send(self.outbound, request, timeout).await?;
        let (body, _) = exchange::body(&response);
        match answer::error(service, errors, &response, &body, self.now) {
            Some(error) => Err(error),
            None => Ok((response, body)),
        }
    }
}
