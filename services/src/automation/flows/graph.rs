//! The stored graphs of versions. They are immutable, so each is read once and cached.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sea_orm::{ConnectionTrait, QueryFilter as _, QueryOrder as _};
use triptych_entities::{
    ids::{FlowVersionId, StepId},
    relational::automation::{step, step_link},
};
use triptych_stores::{access::Scoped as _, error::StoreError, fetch::Fetch as _, ids::IdColumn as _};

/// The steps of a version, and the links between them, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    pub steps: Vec<step::Model>,
    pub links: Vec<step_link::Model>,
}

impl Graph {
    #[must_use]
    pub fn step(&self, id: StepId) -> Option<&step::Model> {
        self.steps.iter().find(|step| step.id == id)
    }

    #[must_use]
    pub fn trigger(&self) -> Option<&step::Model> {
        self.steps.iter().find(|step| step.kind == step::Kind::Trigger)
    }

    pub fn links_from(&self, id: StepId) -> impl Iterator<Item = &step_link::Model> {
        self.links.iter().filter(move |link| link.from_step_id == id)
    }

    pub fn links_to(&self, id: StepId) -> impl Iterator<Item = &step_link::Model> {
        self.links.iter().filter(move |link| link.to_step_id == id)
    }
}

/// A cache of graphs. They never change, so entries are never invalidated.
#[derive(Clone, Default)]
pub struct Graphs {
    known: Arc<Mutex<HashMap<FlowVersionId, Arc<Graph>>>>,
}

/// The most graphs in the cache.
const CAPACITY: usize = 2_000;

impl Graphs {
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn load(
        &self,
        db: &impl ConnectionTrait,
        version: FlowVersionId,
    ) -> Result<Arc<Graph>, StoreError> {
        let mut graphs = self.load_many(db, &[version]).await?;
        Ok(graphs.remove(&version).unwrap_or_default())
    }

    /// Loads the graphs of several versions, with two statements for those that are not cached.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn load_many(
        &self,
        db: &impl ConnectionTrait,
        versions: &[FlowVersionId],
    ) -> Result<HashMap<FlowVersionId, Arc<Graph>>, StoreError> {
        let mut graphs = HashMap::with_capacity(versions.len());
        let mut unknown = Vec::new();
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for version in versions {
                match known.get(version) {
                    Some(graph) => drop(graphs.insert(*version, graph.clone())),
                    None => unknown.push(*version),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(graphs);
        }
        let read = read(db, &unknown).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + read.len() > CAPACITY {
            known.clear();
        }
        for (version, graph) in read {
            let graph = Arc::new(graph);
            known.insert(version, graph.clone());
            graphs.insert(version, graph);
        }
        Ok(graphs)
    }
}

async fn read(
    db: &impl ConnectionTrait,
    versions: &[FlowVersionId],
) -> Result<HashMap<FlowVersionId, Graph>, StoreError> {
    let steps = step::Entity::across_tenants()
        .filter(step::Column::VersionId.any_of(versions))
        .order_by_asc(step::Column::Position)
        .fetch(db)
        .await?;
    let links = step_link::Entity::across_tenants()
        .filter(step_link::Column::VersionId.any_of(versions))
        .order_by_asc(step_link::Column::Position)
        .fetch(db)
        .await?;
    let mut graphs: HashMap<FlowVersionId, Graph> = HashMap::new();
    for step in steps {
        graphs.entry(step.version_id).or_default().steps.push(step);
    }
    for link in links {
        graphs.entry(link.version_id).or_default().links.push(link);
    }
    Ok(graphs)
}
