//! All services, constructed once per process.

use std::sync::Arc;

use crate::{
    audit::Audit,
    automation::{
        credentials::{Credentials, Keyring},
        datastore::Datastore,
        executions::{ExecutionParts, Executions, Quotas},
        flows::{FlowParts, Flows, Graphs, Templates},
        integrations::Catalog,
    },
    conversations::{generations::Generations, models::Models, threads::Threads},
    deletions::{Deletions, Remover},
    identity::{Identity, IdentitySettings},
    mail::Mails,
};
use secrecy::ExposeSecret as _;
use triptych_stores::{
    clock::Clock,
    collections::Indexes,
    connections::{StoreConfig, Stores},
    error::StoreError,
    live::Live,
    outbox::Outbox,
    queues::Queues,
    tasks::Turns,
};

/// The dependencies of the services.
pub struct ServiceConfig {
    pub stores: StoreConfig,
    pub identity: IdentitySettings,
    pub keyring: Keyring,
    pub catalog: Catalog,
    pub templates: Arc<dyn Templates>,
    pub models: Models,
    pub quotas: Quotas,
    /// Whether mails are sent.
    pub mail: bool,
    pub clock: Clock,
}

/// All services. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub audit: Audit,
    pub identity: Identity,
    pub flows: Flows,
    pub executions: Executions,
    pub credentials: Credentials,
    pub datastore: Datastore,
    pub threads: Threads,
    pub generations: Generations,
    pub deletions: Deletions,
    pub mails: Mails,
    pub remover: Remover,
    pub indexes: Indexes,
    pub live: Live,
    pub outbox: Outbox,
    pub queues: Queues,
    /// The background tasks of this process.
    pub turns: Turns,
    pub clock: Clock,
    pub stores: Stores,
}

impl Services {
    /// Connects to the databases, and constructs the services.
    ///
    /// # Errors
    /// The first database that is unavailable.
    #[expect(
        clippy::too_many_lines,
        reason = "one list of all services, in the order in which they depend on each other"
    )]
    pub async fn connect(config: ServiceConfig) -> Result<Self, StoreError> {
        let ServiceConfig {
            stores: store_config,
            identity,
            keyring,
            catalog,
            templates,
            models,
            quotas,
            mail,
            clock,
        } = config;
        let stores = Stores::connect(&store_config).await?;
        let url = store_config.redis_stream_url.expose_secret();
        let live = Live::connect(url, &store_config.redis_prefix, store_config.finished_stream_ttl).await?;
        let queues = Queues::connect(&store_config.redis_queue_url, stores.clone()).await?;
        let (turns, graphs) = (Turns::default(), Graphs::default());
        let outbox = Outbox::new(stores.clone(), clock.clone(), queues.clone(), turns.clone());
        let keyring = Arc::new(keyring);
        let mails = Mails::new(stores.clone(), clock.clone(), keyring.clone(), mail);
        let credentials = Credentials::new(stores.clone(), clock.clone(), keyring, catalog.clone());
        let deletions = Deletions::new(stores.clone(), clock.clone());
        let flow_parts = FlowParts {
            outbox: outbox.clone(),
            catalog: catalog.clone(),
            templates,
            graphs: graphs.clone(),
            credentials: credentials.clone(),
            deletions: deletions.clone(),
        };
        let execution_parts = ExecutionParts {
            outbox: outbox.clone(),
            queues: queues.clone(),
            graphs,
            catalog,
            credentials: credentials.clone(),
            live: live.clone(),
            quotas,
        };
        let generations =
            Generations::new(stores.clone(), clock.clone(), live.clone(), models, Arc::new(queues.clone()));
        let executions = Executions::new(stores.clone(), clock.clone(), execution_parts);
        let threads = Threads::new(stores.clone(), clock.clone(), generations.clone(), deletions.clone());
        let audit = Audit::new(stores.clone(), clock.clone(), identity.audit_retention);
        let identity =
            Identity::new(stores.clone(), clock.clone(), identity, deletions.clone(), mails.clone());
        let remover = Remover::new(
            deletions.clone(),
            executions.clone(),
            generations.clone(),
            threads.clone(),
            identity.sessions.clone(),
        );
        Ok(Self {
            remover,
            audit,
            identity,
            flows: Flows::new(stores.clone(), clock.clone(), flow_parts),
            executions,
            credentials,
            datastore: Datastore::new(stores.clone(), clock.clone()),
            threads,
            generations,
            deletions,
            mails,
            indexes: Indexes::new(stores.mongo.clone()),
            live,
            outbox,
            queues,
            turns,
            clock,
            stores,
        })
    }
}
