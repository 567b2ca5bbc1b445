//! Serves the API, runs the workers, or both, until the process is stopped.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use triptych_engine::workers::{Company, Engine};
use triptych_schema as schema;
use triptych_services::{
    Services,
    clock::Clock,
    error::{Code, Coded as _},
};

use super::{App, AppError, demo};
use crate::{
    config::Config,
    http::{self, HttpState, Ops},
};

/// Pause after an attempt to create indexes while MongoDB is away.
const INDEXES_RETRY_DELAY: Duration = Duration::from_secs(5);

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Serves requests and runs jobs.
    Everything,
    /// Serves requests. Any number of such processes may run.
    Api,
    /// Runs jobs. Any number of such processes may run.
    Worker,
}

/// A process that serves.
pub struct Running {
    /// The address it listens on; `None` for a worker.
    pub address: Option<SocketAddr>,
    /// The address for operators.
    pub ops: Option<SocketAddr>,
    app: App,
    engine: Option<Engine>,
    network: Option<tokio::task::JoinHandle<()>>,
    operators: Option<Ops>,
    relay: Option<tokio::task::JoinHandle<()>>,
    stop: CancellationToken,
}

impl Running {
    /// Starts the components of the role.
    ///
    /// # Errors
    /// The component that failed to start. Components that were started are closed.
    pub fn start(config: Config, role: Role) -> BoxFuture<'static, Result<Self, AppError>> {
        Self::start_with(config, role, Clock::system())
    }

    /// As above, with another clock, for tests that advance it.
    ///
    /// # Errors
    /// As [`Running::start`].
    #[inline(never)]
    pub fn start_with(
        config: Config,
        role: Role,
        clock: Clock,
    ) -> BoxFuture<'static, Result<Self, AppError>> {
        // Boxed here, because the code of a future is compiled by the crate that polls it: otherwise each program
        // compiles the server again.
        Self::open(config, role, clock).boxed()
    }

    async fn open(config: Config, role: Role, clock: Clock) -> Result<Self, AppError> {
        let app = App::open_with(config, clock).await?;
        let mut running = Self {
            address: None,
            ops: None,
            app,
            engine: None,
            network: None,
            operators: None,
            relay: None,
            stop: CancellationToken::new(),
        };
        match running.begin(role).await {
            Ok(()) => Ok(running),
            Err(error) => {
                running.stop().await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self, role: Role) -> Result<(), AppError> {
        let services = self.app.services.clone();
        self.ensure_indexes().await;
        let addresses = self.app.config.ops.addresses();
        let operators = Ops::start(&addresses, services.clone(), self.stop.clone()).await;
        let operators = operators.map_err(|(address, cause)| AppError::Ops { address, cause })?;
        self.ops = Some(operators.address);
        self.operators = Some(operators);
        let (turns, stop) = (services.turns.clone(), self.stop.clone());
        tokio::spawn(async move { turns.watch(stop).await });
        let private = self.app.databases.all_private();
        let listener = if role == Role::Worker { None } else { Some(self.listen().await?) };
        let bound = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        if role == Role::Api {
            let (outbox, stop) = (services.outbox.clone(), self.stop.clone());
            self.relay = Some(tokio::spawn(async move { outbox.relay(stop).await }));
        } else {
            let company = if private { Company::Alone } else { Company::Others };
            // A worker knows the address of the servers from its configuration.
            let listening = bound.unwrap_or(self.app.config.http.bind);
            let config = self.app.engine_config(company, listening)?;
            self.engine = Some(Engine::start(services.clone(), config).await?);
        }
        if let (Some(listener), Some(address)) = (listener, bound) {
            let demo = if private && address.ip().to_canonical().is_loopback() {
                demo::seed(&services).await?
            } else {
                demo::shut_out(&services).await?;
                None
            };
            let api = self.api(address);
            let state = HttpState::new(api, services, self.app.config.clone(), demo, self.stop.clone());
            let grace = Duration::from_secs(self.app.config.http.shutdown_grace_seconds);
            self.network = Some(tokio::spawn(http::serve(listener, state, grace)));
            self.address = Some(address);
        }
        Ok(())
    }

    async fn listen(&self) -> Result<TcpListener, AppError> {
        let address = self.app.config.http.bind;
        TcpListener::bind(address).await.map_err(|cause| AppError::Listen { address, cause })
    }

    /// Creates the indexes of MongoDB: the unique ones before anything is written, the others in the background. While
    /// MongoDB is away, the server starts nevertheless; inserts create the unique indexes first.
    async fn ensure_indexes(&self) {
        let services = &self.app.services;
        if let Err(error) = services.stores.unique.ensure().await {
            tracing::error!(%error, "creating the unique MongoDB indexes failed; inserts wait for them");
        }
        let indexes = services.indexes.clone();
        let ensured = async move {
            while let Err(error) = indexes.ensure().await {
                tracing::error!(%error, "creating the MongoDB indexes failed");
                if error.code() != Code::Unavailable {
                    return;
                }
                tokio::time::sleep(INDEXES_RETRY_DELAY).await;
            }
        };
        let stop = self.stop.clone();
        tokio::spawn(async move { stop.run_until_cancelled(ensured).await });
    }

    fn api(&self, address: SocketAddr) -> schema::Api {
        let config = &self.app.config;
        let (limits, workers) = (&config.limits, &config.workers);
        schema::Api::new(
            self.app.services.clone(),
            schema::ApiConfig {
                limits: schema::Limits {
                    depth: limits.depth,
                    complexity: limits.complexity,
                    aliases: limits.aliases,
                    directives: limits.directives,
                    tokens: limits.tokens,
                    nesting: 64,
                    values: limits.values,
                },
                disclosure: schema::Disclosure {
                    introspection: self.app.config.graphql.introspection,
                    suggestions: self.app.config.graphql.suggestions,
                },
                public_url: schema::PublicUrl(match &config.http.public_url {
                    Some(url) => url.trim_end_matches('/').to_owned(),
                    None => format!("http://{address}"),
                }),
                concurrency: schema::Concurrency {
                    schedule: workers.schedule,
                    trigger: workers.trigger,
                    flow: workers.flow,
                    action: workers.action,
                    generation: workers.generation,
                },
            },
        )
    }

    /// The services of the process.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.app.services
    }

    /// Accepts no more work, waits for requests and jobs in progress, and closes everything in reverse order.
    #[inline(never)]
    pub fn stop(self) -> BoxFuture<'static, ()> {
        self.close().boxed()
    }

    async fn close(self) {
        let grace = Duration::from_secs(self.app.config.http.shutdown_grace_seconds);
        self.stop.cancel();
        if let Some(network) = self.network
            && let Err(error) = network.await
        {
            tracing::warn!(%error, "the HTTP server's task failed");
        }
        if let Some(engine) = self.engine {
            engine.stop(grace).await;
        }
        if let Some(relay) = self.relay {
            // It ends with `stop`; the panic hook reports a panic in it.
            let _ = relay.await;
        }
        if let Some(operators) = self.operators {
            operators.stop().await;
        }
        self.app.close().await;
    }
}

/// Serves until the process receives SIGINT (Ctrl-C) or SIGTERM.
///
/// # Errors
/// What could not be started.
pub async fn run(config: Config, role: Role) -> Result<(), AppError> {
    let stop = CancellationToken::new();
    let signals = Arc::new(stop.clone());
    tokio::spawn(async move {
        wait_for_signal().await;
        signals.cancel();
    });
    let start = Running::start(config, role);
    // After a signal during the start, what had started ends with the process.
    let Some(started) = stop.run_until_cancelled(start).await else { return Ok(()) };
    let running = started?;
    if let Some(address) = running.address {
        tracing::info!(
            "serving on http://{address} (playground: open it in a browser; Ctrl-C stops the server)"
        );
    } else {
        tracing::info!("running jobs");
    }
    if let Some(address) = running.ops {
        tracing::info!("metrics and health on http://{address}/metrics and /health/ready");
    }
    stop.cancelled().await;
    tracing::info!("shutting down");
    running.stop().await;
    Ok(())
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
