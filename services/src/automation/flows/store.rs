//! Writes a graph as a new version.

use sea_orm::{ConnectionTrait, EntityTrait as _, Set};
use triptych_entities::{
    ids::{FlowId, FlowVersionId, OrganizationId, StepId},
    relational::automation::{flow_version, step, step_link},
};
use triptych_stores::error::StoreError;

use super::{Flows, validate::ValidGraph};
use crate::input::{StepName, TimeLimit};

/// The version to write.
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
        graph: &ValidGraph<'_>,
    ) -> Result<(), StoreError> {
        let NewVersion { id: version_id, organization, flow, number } = version;
        flow_version::Entity::insert(flow_version::ActiveModel {
            id: Set(version_id),
            organization_id: Set(organization),
            flow_id: Set(flow),
            number: Set(number),
            published_at: Set(None),
            created_at: Set(self.clock.now()),
        })
        .exec_without_returning(tx)
        .await?;
        let ids: Vec<StepId> = graph.steps.iter().map(|_| self.clock.new_id()).collect();
        let mut steps = Vec::with_capacity(graph.steps.len());
        for (position, (id, step)) in (0_i32..).zip(ids.iter().zip(&graph.steps)) {
            let name = step.name.as_ref().map_or(step.key.as_str(), StepName::as_str);
            steps.push(step::ActiveModel {
                id: Set(*id),
                organization_id: Set(organization),
                version_id: Set(version_id),
                key: Set(step.key.as_str().to_owned()),
                name: Set(name.to_owned()),
                kind: Set(step.kind),
                integration: Set(step.spec.integration.clone()),
                operation: Set(step.spec.operation.clone()),
                parameters: Set(step.spec.parameters.clone()),
                credential_id: Set(step.spec.credential_id),
                retry: Set(step.spec.retry.map(serde_json::to_value).transpose()?),
                timeout_seconds: Set(step.time_limit.map(TimeLimit::seconds)),
                position: Set(position),
            });
        }
        step::Entity::insert_many(steps).exec_without_returning(tx).await?;
        let links = (0_i32..).zip(&graph.links).map(|(position, link)| step_link::ActiveModel {
            id: Set(self.clock.new_id()),
            organization_id: Set(organization),
            version_id: Set(version_id),
            from_step_id: Set(ids[link.from]),
            to_step_id: Set(ids[link.to]),
            kind: Set(link.kind),
            condition: Set(link.condition.map(str::to_owned)),
            position: Set(position),
        });
        step_link::Entity::insert_many(links).exec_without_returning(tx).await?;
        Ok(())
    }
}
