//! The process: databases, services, workers and the network, opened in order and closed in reverse.

mod addresses;
mod databases;
mod demo;
mod error;
mod serve;

use std::{net::SocketAddr, sync::Arc};

pub use databases::Databases;
pub(crate) use demo::seed_empty;
pub use error::AppError;
pub use serve::{Role, Running, run};
use triptych_engine::{
    automation::{integrations::Registry, templates::Renderer},
    conversations::models::{ModelRegistry, demo::DemoConfig},
    mail::MailConfig,
    outbound::Outbound,
    workers::{Company, Concurrency, EngineConfig},
};
use triptych_services::{
    ServiceConfig, Services,
    automation::{
        credentials::{Key, Keyring},
        executions::Quotas,
    },
    clock::Clock,
    conversations::models::{Models, ProviderConfig, ProviderKind},
    identity::{IdentitySettings, SignUpMode},
};

use crate::config::{self, Config, MasterKey};

/// Open databases and the services over them, which every command needs.
pub struct App {
    pub config: Arc<Config>,
    pub services: Services,
    pub databases: Databases,
    registry: Registry,
    renderer: Arc<Renderer>,
    models: Models,
}

impl App {
    /// Starts private databases where none are configured, applies pending migrations to a private PostgreSQL, and
    /// connects.
    ///
    /// # Errors
    /// The database that could not be started or reached, or whose migrations are pending.
    pub async fn open(config: Config) -> Result<Self, AppError> {
        Self::open_with(config, Clock::system()).await
    }

    /// As above, with another clock, for tests that advance it.
    pub(crate) async fn open_with(config: Config, clock: Clock) -> Result<Self, AppError> {
        let databases = Databases::open(&config).await?;
        match Self::connect(config, &databases, clock).await {
            Ok((config, services, registry, renderer, models)) => {
                Ok(Self { config, services, databases, registry, renderer, models })
            }
            Err(error) => {
                databases.close().await;
                Err(error)
            }
        }
    }

    async fn connect(
        config: Config,
        databases: &Databases,
        clock: Clock,
    ) -> Result<(Arc<Config>, Services, Registry, Arc<Renderer>, Models), AppError> {
        databases.await_postgres().await?;
        let url = databases.postgres_url();
        if databases.private_postgres() {
            triptych_migration::up(url).await?;
        } else if triptych_migration::status(url).await?.iter().any(|migration| !migration.applied) {
            return Err(AppError::MigrationsPending);
        }
        let registry = Registry::builtin()?;
        let renderer = Arc::new(Renderer::new());
        let models = Models::new(providers(&config), None).map_err(AppError::Models)?;
        let services = Services::connect(ServiceConfig {
            stores: databases.store_config(&config),
            identity: identity(&config),
            keyring: Keyring::new(master_key(&config, databases)?, former_keys(&config)),
            catalog: registry.catalog(),
            templates: renderer.clone(),
            models: models.clone(),
            quotas: Quotas {
                executions_per_day: config.quotas.executions_per_day,
                bytes_per_month: config.quotas.bytes_per_month,
            },
            mail: config.mail.url.is_some(),
            clock,
        })
        .await?;
        Ok((Arc::new(config), services, registry, renderer, models))
    }

    /// The configuration of this process's workers.
    ///
    /// `listening` is the address of the server, which steps do not reach.
    pub(crate) fn engine_config(
        &self,
        company: Company,
        listening: SocketAddr,
    ) -> Result<EngineConfig, AppError> {
        let workers = &self.config.workers;
        let demo = DemoConfig { tokens_per_second: self.config.demo.tokens_per_second };
        let mut own = self.databases.addresses();
        own.push(listening);
        Ok(EngineConfig {
            concurrency: Concurrency {
                schedule: workers.schedule,
                trigger: workers.trigger,
                flow: workers.flow,
                action: workers.action,
                generation: workers.generation,
            },
            share: workers.share,
            registry: self.registry.clone(),
            renderer: self.renderer.clone(),
            models: ModelRegistry::new(self.models.clone(), demo).map_err(AppError::ModelClient)?,
            company,
            outbound: Outbound::new(self.config.outbound.allowed(), own).map_err(AppError::HttpClient)?,
            mail: mail(&self.config, listening)?,
        })
    }

    /// Stops the private databases.
    pub async fn close(self) {
        drop(self.services);
        self.databases.close().await;
    }
}

/// The configured key, or the key in the folder of the private databases.
fn master_key(config: &Config, databases: &Databases) -> Result<Key, AppError> {
    let key = match config.secrets.key() {
        Some(key) => key,
        None if databases.private_postgres() => {
            MasterKey::of_folder(&config.embedded.root).map_err(AppError::MasterKey)?
        }
        None => return Err(AppError::NoMasterKey),
    };
    Ok(Key::new(Box::new(*key.expose())))
}

fn former_keys(config: &Config) -> Vec<Key> {
    config.secrets.former().iter().map(|key| Key::new(Box::new(*key.expose()))).collect()
}

fn providers(config: &Config) -> Vec<ProviderConfig> {
    let kind = |kind| match kind {
        config::ProviderKind::OpenAi => ProviderKind::OpenaiCompatible,
        config::ProviderKind::Anthropic => ProviderKind::Anthropic,
        config::ProviderKind::Gemini => ProviderKind::Gemini,
        config::ProviderKind::Ollama => ProviderKind::Ollama,
    };
    config
        .providers
        .iter()
        .map(|(name, provider)| ProviderConfig {
            name: name.clone(),
            kind: kind(provider.kind),
            base_url: provider.base_url.clone(),
            api_key: provider.api_key.as_ref().map(|key| key.expose().to_owned().into()),
            models: Vec::new(),
            prices: provider.prices.clone(),
        })
        .collect()
}

/// The configuration of mails, if they are sent. Links lead to the playground unless there is another page.
fn mail(config: &Config, listening: SocketAddr) -> Result<Option<MailConfig>, AppError> {
    let (Some(url), Some(from)) = (&config.mail.url, &config.mail.from) else { return Ok(None) };
    let here = || config.http.public_url.clone().unwrap_or_else(|| format!("http://{listening}"));
    Ok(Some(MailConfig {
        url: url.expose().to_owned().into(),
        from: from.parse().map_err(AppError::MailSender)?,
        page: config.mail.page.clone().unwrap_or_else(|| format!("{}/", here().trim_end_matches('/'))),
    }))
}

fn identity(config: &Config) -> IdentitySettings {
    let sign_up = match config.identity.sign_up {
        config::SignUp::Open => SignUpMode::Open,
        config::SignUp::Invite => SignUpMode::Invite,
        config::SignUp::Closed => SignUpMode::Closed,
    };
    IdentitySettings {
        session_ttl: config.sessions.ttl(),
        session_life: config.sessions.life(),
        sign_up,
        confirm_addresses: config.mail.confirm_addresses,
        audit_retention: config.audit.retention(),
    }
}
