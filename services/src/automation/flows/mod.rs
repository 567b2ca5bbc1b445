//! Flows: versions of graphs of steps. Running them belongs to `executions`.

mod delete;
mod draft;
mod duplicate;
mod find;
mod graph;
mod list;
mod publish;
mod retry;
mod schedules;
mod spec;
mod store;
mod templates;
mod times;
mod validate;
mod webhook_secret;
mod webhooks;

use std::sync::Arc;
use triptych_stores::{
    clock::Clock,
    connections::Stores,
    error::{Problem, Result},
    outbox::Outbox,
};

pub use draft::{FlowChanges, NewFlow};
pub use graph::{Graph, Graphs};
pub use list::{FlowFilter, FlowOrder, FlowSort};
pub use retry::RetryPolicy;
pub use schedules::PLANNING_INTERVAL;
pub use spec::{GraphSpec, LinkSpec, StepSpec};
pub use templates::Templates;
pub use validate::{Strictness, ValidGraph, Validator};

use crate::{
    automation::{
        credentials::Credentials,
        integrations::{Catalog, Start},
    },
    deletions::Deletions,
};

/// Creates, changes, publishes and finds flows.
#[derive(Clone)]
pub struct Flows {
    stores: Stores,
    clock: Clock,
    outbox: Outbox,
    catalog: Catalog,
    templates: Arc<dyn Templates>,
    graphs: Graphs,
    credentials: Credentials,
    deletions: Deletions,
}

/// The dependencies of [`Flows`], without the stores.
pub(crate) struct FlowParts {
    pub(crate) outbox: Outbox,
    pub(crate) catalog: Catalog,
    pub(crate) templates: Arc<dyn Templates>,
    pub(crate) graphs: Graphs,
    pub(crate) credentials: Credentials,
    pub(crate) deletions: Deletions,
}

impl Flows {
    pub(crate) fn new(stores: Stores, clock: Clock, parts: FlowParts) -> Self {
        let FlowParts { outbox, catalog, templates, graphs, credentials, deletions } = parts;
        Self { stores, clock, outbox, catalog, templates, graphs, credentials, deletions }
    }

    /// The integrations that steps can use.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What starts flows with this graph; `None` without a trigger.
    #[must_use]
    pub fn start(&self, graph: &Graph) -> Option<&Start> {
        self.catalog.start(graph.trigger()?)
    }

    fn validator(&self) -> Validator<'_> {
        Validator { catalog: &self.catalog, templates: &*self.templates }
    }

    /// What keeps a graph from being published.
    ///
    /// # Errors
    /// `Corrupt` if the stored graph cannot be read.
    pub fn problems(&self, graph: &Graph) -> Result<Vec<Problem>> {
        match self.validator().check(&GraphSpec::of(graph)?, Strictness::Complete) {
            Ok(_) => Ok(Vec::new()),
            Err(invalid) => Ok(invalid.0),
        }
    }
}
