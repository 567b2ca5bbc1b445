//! State shared by all handlers.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use triptych_entities::ids::{OrganizationId, UserId};
use triptych_schema::Api;
use triptych_services::Services;

use super::{addresses::Addresses, health::Readiness, origin::Boundary, websocket::Usage};
use crate::config::Config;

/// State shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub struct HttpState(Arc<Parts>);

/// The parts of [`HttpState`].
pub struct Parts {
    pub(super) api: Api,
    pub(super) services: Services,
    pub(super) config: Arc<Config>,
    /// The user whom the playground signs in as when all databases are private.
    pub(super) demo: Option<(UserId, OrganizationId)>,
    pub(super) readiness: Readiness,
    pub(super) drain: CancellationToken,
    /// Tasks that outlive the request that started them.
    pub(super) tasks: TaskTracker,
    /// The hosts and the origins that are allowed.
    pub(super) boundary: Boundary,
    /// Connections of each address.
    pub(super) addresses: Addresses,
    /// `WebSockets` of each address that have not authenticated.
    pub(super) anonymous: Addresses,
    /// Connections and subscriptions of each user.
    pub(super) usage: Usage,
}

impl HttpState {
    /// `demo` is the user whom the playground signs in as, in embedded mode. Cancelling `drain` starts the shutdown.
    /// Must be called within the runtime that will serve.
    #[must_use]
    pub fn new(
        api: Api,
        services: Services,
        config: Arc<Config>,
        demo: Option<(UserId, OrganizationId)>,
        drain: CancellationToken,
    ) -> Self {
        let tasks = TaskTracker::new();
        let readiness = Readiness::new(services.clone(), drain.clone());
        let boundary = Boundary::new(&config.http);
        let (addresses, anonymous, usage) = (Addresses::default(), Addresses::default(), Usage::default());
        let parts = Parts {
            api,
            services,
            config,
            demo,
            readiness,
            drain,
            tasks,
            boundary,
            addresses,
            anonymous,
            usage,
        };
        Self(Arc::new(parts))
    }
}

impl FromRef<HttpState> for Readiness {
    fn from_ref(state: &HttpState) -> Self {
        state.readiness.clone()
    }
}

impl Deref for HttpState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
