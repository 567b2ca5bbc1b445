//! Models of the configured providers, through `genai`.

mod failure;
mod request;
mod stream;

use std::time::Duration;

use futures::stream::StreamExt as _;
use genai::{
    Client, ModelIden, ServiceTarget,
    adapter::AdapterKind,
    resolver::{AuthData, Endpoint},
};
use secrecy::ExposeSecret as _;
use triptych_services::{
    conversations::models::{Models, ProviderConfig, ProviderKind},
    tls,
};

use super::{CompletionRequest, Model, ModelError, ModelStream};

const CONNECT: Duration = Duration::from_secs(10);
/// Time limit of the first byte, and of the pause between chunks.
const IDLE: Duration = Duration::from_mins(1);

/// One configured provider.
pub(super) struct Provider {
    client: Client,
    kind: AdapterKind,
    endpoint: Option<Endpoint>,
    auth: AuthData,
    /// Has the API keys, to remove them from messages.
    models: Models,
    idle: Duration,
}

impl Provider {
    pub(super) fn new(config: &ProviderConfig, models: Models) -> Result<Self, ModelError> {
        tls::install();
        let mut http = reqwest::Client::builder().connect_timeout(CONNECT);
        let base_url = config.base_url.as_deref();
        if base_url.and_then(|url| reqwest::Url::parse(url).ok()).is_some_and(|url| is_loopback(&url)) {
            // A proxy would resolve a loopback address to its own machine.
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            tracing::error!(%error, provider = config.name, "creating an HTTP client failed");
            ModelError::permanent(ModelError::INTERNAL, "no HTTP client can be made")
        })?;
        let client = Client::builder().with_reqwest(http).build().map_err(|error| {
            tracing::error!(%error, provider = config.name, "creating a provider client failed");
            ModelError::permanent(ModelError::INTERNAL, "no provider client can be made")
        })?;
        let key = config.api_key.as_ref().map(secrecy::SecretString::expose_secret);
        Ok(Self {
            client,
            kind: match config.kind {
                ProviderKind::OpenaiCompatible => AdapterKind::OpenAI,
                ProviderKind::Anthropic => AdapterKind::Anthropic,
                ProviderKind::Gemini => AdapterKind::Gemini,
                ProviderKind::Ollama => AdapterKind::Ollama,
            },
            // Paths are appended without a slash, so the base must end with one.
            endpoint: base_url.map(|url| Endpoint::from_owned(format!("{}/", url.trim_end_matches('/')))),
            // Servers that need no key ignore the header.
            auth: AuthData::from_single(key.unwrap_or("none")),
            models,
            idle: IDLE,
        })
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl Model for Provider {
    fn stream(&self, request: CompletionRequest) -> ModelStream {
        let (client, models) = (self.client.clone(), self.models.clone());
        let iden = ModelIden::new(self.kind, request.model.clone());
        let (endpoint, auth, idle) = (self.endpoint.clone(), self.auth.clone(), self.idle);
        let opening = async move {
            let failed = |error: &genai::Error| failure::of(error, &models);
            let target = if let Some(endpoint) = endpoint {
                ServiceTarget { endpoint, auth, model: iden }
            } else {
                let own = client.resolve_service_target(iden).await.map_err(|error| failed(&error))?;
                ServiceTarget { auth, ..own }
            };
            let options = request::options(&request.parameters, idle);
            let response = client
                .exec_chat_stream(target, request::chat(&request.prompt), Some(&options))
                .await
                .map_err(|error| failed(&error))?;
            Ok(stream::events(response.stream, models))
        };
        futures::stream::once(opening)
            .flat_map(|opened| match opened {
                Ok(events) => events,
                Err(error) => futures::stream::once(async move { Err(error) }).boxed(),
            })
            .boxed()
    }
}

#[cfg(test)]
mod tests;
