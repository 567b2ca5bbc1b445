//! What every handler shares.

use std::{ops::Deref, sync::Arc};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_entities::ids::{OrganizationId, UserId};
use triptych_schema::Api;
use triptych_services::Services;

use super::{metrics, websocket::Usage};
use crate::config::Config;

/// What every handler shares. Cheap to clone and to carry around.
#[derive(Clone)]
pub struct HttpState(Arc<Parts>);

/// The parts of [`HttpState`].
pub struct Parts {
    pub(super) api: Api,
    pub(super) services: Services,
    pub(super) config: Arc<Config>,
    /// Whom the playground signs in by itself when the databases are private.
    pub(super) demo: Option<(UserId, OrganizationId)>,
    pub(super) metrics: Option<PrometheusHandle>,
    pub(super) drain: CancellationToken,
    /// Everything that outlives the request that started it.
    pub(super) tasks: TaskTracker,
    /// Connections and subscriptions of each user.
    pub(super) usage: Usage,
}

impl HttpState {
    /// `demo` is whom the playground signs in by itself, in embedded mode. When `drain` is cancelled, nothing more is
    /// accepted, and what is open goes away. Must be called within the runtime that will serve.
    #[must_use]
    pub fn new(
        api: Api,
        services: Services,
        config: Arc<Config>,
        demo: Option<(UserId, OrganizationId)>,
        drain: CancellationToken,
    ) -> Self {
        let tasks = TaskTracker::new();
        let metrics = metrics::handle();
        if let Some(handle) = &metrics {
            tasks.spawn(metrics::upkeep(handle.clone(), drain.clone()));
        }
        let usage = Usage::default();
        Self(Arc::new(Parts { api, services, config, demo, metrics, drain, tasks, usage }))
    }
}

impl Deref for HttpState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
