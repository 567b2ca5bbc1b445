//! Writing a graph as a new version.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, EntityTrait as _, Set};
use triptych_entities::{
    ids::{FlowId, FlowVersionId, OrganizationId, StepId},
    relational::automation::{flow_version, step, step_link},
};
use triptych_stores::error::StoreError;

use super::{Flows, spec::GraphSpec, validate::links_of};

/// Which version is to be written.
pub(super) struct NewVersion {
    pub(super) id: FlowVersionId,
    pub(super) organization: OrganizationId,
    pub(super) flow: FlowId,
    pub(super) number: i32,
}

impl Flows {
    /// Writes a checked graph as a version of a flow.
    pub(super) async fn write_version(
        &self,
        tx: &impl ConnectionTrait,
        version: NewVersion,
        graph: &GraphSpec,
    ) -> Result<(), StoreError> {
        let NewVersion { id: version_id, organization, flow, number } = version;
        flow_version::Entity::insert(flow_version::ActiveModel {
            id: Set(version_id),
            organization_id: Set(organization),
            flow_id: Set(flow),
            number: Set(number),
            published_at: Set(None),
            created_at: Set(self.mint.now()),
        })
        .exec_without_returning(tx)
        .await?;
        let ids: HashMap<&str, StepId> =
            graph.steps.iter().map(|step| (step.key.as_str(), self.mint.id())).collect();
        let mut steps = Vec::with_capacity(graph.steps.len());
        for (position, spec) in (0_i32..).zip(&graph.steps) {
            let operation = self.catalog.operation(&spec.integration, &spec.operation);
            steps.push(step::ActiveModel {
                id: Set(ids[spec.key.as_str()]),
                organization_id: Set(organization),
                version_id: Set(version_id),
                key: Set(spec.key.clone()),
                name: Set(spec.name.clone().unwrap_or_else(|| spec.key.clone())),
                kind: Set(operation.map_or(step::Kind::Action, |operation| operation.kind)),
                integration: Set(spec.integration.clone()),
                operation: Set(spec.operation.clone()),
                parameters: Set(spec.parameters.clone()),
                credential_id: Set(spec.credential_id),
                retry: Set(spec.retry.map(serde_json::to_value).transpose()?),
                timeout_seconds: Set(spec.timeout_seconds),
                position: Set(position),
            });
        }
        if !steps.is_empty() {
            step::Entity::insert_many(steps).exec_without_returning(tx).await?;
        }
        let links: Vec<_> = (0_i32..)
            .zip(links_of(graph))
            .map(|(position, link)| step_link::ActiveModel {
                id: Set(self.mint.id()),
                organization_id: Set(organization),
                version_id: Set(version_id),
                from_step_id: Set(ids[link.from.as_str()]),
                to_step_id: Set(ids[link.to.as_str()]),
                kind: Set(link.kind),
                condition: Set(link.condition),
                position: Set(position),
            })
            .collect();
        if !links.is_empty() {
            step_link::Entity::insert_many(links).exec_without_returning(tx).await?;
        }
        Ok(())
    }
}
