//! Publishes and pauses flows.

use chrono::TimeDelta;
use sea_orm::{
    ActiveEnum as _, ActiveModelTrait as _, ColumnTrait as _, Condition, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, Set, TryInsertResult,
    sea_query::{Expr, ExprTrait as _},
};
use triptych_entities::{
    ids::{FlowId, ScheduleId},
    relational::automation::{flow, flow_version, schedule, schedule_firing, step},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Result, ServiceError},
    postgres::Transaction,
};

use super::{Flows, graph::Graph, spec::GraphSpec, validate::Strictness};
use crate::{
    audit::{AuditAction, Entry, record},
    automation::integrations::{Start, Times},
};

impl Flows {
    /// Publishes the draft, which the next trigger uses; executions in progress finish on their version.
    /// Publishing a published version changes nothing, except that a paused flow is active again.
    ///
    /// # Errors
    /// `Invalid` with one entry for each problem; `NotFound` also for another organization's flow.
    #[tracing::instrument(skip_all, fields(flow.id = %id))]
    pub async fn publish(&self, actor: &Actor, id: FlowId) -> Result<flow::Model> {
        let scope = actor.scope(Action::Publish, Subject::Flow)?;
        let tx = self.stores.pg.begin().await?;
        let flow = super::find::for_update(&tx, scope, id).await?;
        let graph = self.graphs.load(&tx, flow.draft_version_id).await?;
        self.validator().check(&GraphSpec::of(&graph)?, Strictness::Complete)?;
        let now = self.clock.now();
        flow_version::Entity::update_within(scope)
            .col_expr(flow_version::Column::PublishedAt, now.into())
            .filter(flow_version::Column::Id.eq(flow.draft_version_id))
            .filter(flow_version::Column::PublishedAt.is_null())
            .exec(&tx)
            .await?;
        self.replace_schedules(&tx, &flow, Some(&graph)).await?;
        let before = flow.clone();
        let mut row = flow.into_active_model();
        row.published_version_id = Set(Some(before.draft_version_id));
        row.status = Set(flow::Status::Published);
        row.updated_at = Set(now);
        let published = row.update(&tx).await?;
        let entry =
            Entry::of(AuditAction::PublishFlow).target(id).before(shown(&before)).after(shown(&published));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(published)
    }

    /// Pauses the triggers of a flow. Executions in progress finish. Repeating it has no effect.
    ///
    /// # Errors
    /// `Conflict` for a flow that was never published; `NotFound` also for another organization's flow.
    #[tracing::instrument(skip_all, fields(flow.id = %id))]
    pub async fn pause(&self, actor: &Actor, id: FlowId) -> Result<flow::Model> {
        let scope = actor.scope(Action::Publish, Subject::Flow)?;
        let tx = self.stores.pg.begin().await?;
        let flow = super::find::for_update(&tx, scope, id).await?;
        if flow.status == flow::Status::Draft {
            return Err(ServiceError::conflict("this flow was never published"));
        }
        self.replace_schedules(&tx, &flow, None).await?;
        let before = flow.clone();
        let mut row = flow.into_active_model();
        row.status = Set(flow::Status::Paused);
        row.updated_at = Set(self.clock.now());
        let paused = row.update(&tx).await?;
        let entry = Entry::of(AuditAction::PauseFlow).target(id).before(shown(&before)).after(shown(&paused));
        record(&tx, &self.clock, actor, entry).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(paused)
    }

    /// Replaces the schedules of the flow by those of the graph. Times that have passed and for which the flow was not
    /// started yet are kept.
    async fn replace_schedules(
        &self,
        tx: &Transaction,
        flow: &flow::Model,
        graph: Option<&Graph>,
    ) -> Result<()> {
        let wanted =
            graph.and_then(Graph::trigger).and_then(|trigger| match self.catalog.start(trigger)? {
                Start::Schedule(schedule) => Some((trigger, schedule.times(&trigger.parameters))),
                Start::Webhook(_) | Start::Poll | Start::Manual => None,
            });
        let kept = wanted.as_ref().map(|(trigger, _)| trigger.id);
        let whole = Scope::whole(flow.organization_id);
        let of_flow = Condition::all()
            .add(schedule::Column::FlowId.eq(flow.id))
            .add_option(kept.map(|step| schedule::Column::StepId.ne(step)));
        if let Some((trigger, times)) = wanted {
            let new = self.insert_schedule(tx, flow, trigger, times).await?;
            if let Some(new) = new {
                self.keep_passed(tx, whole, &of_flow, new).await?;
            }
        }
        schedule::Entity::delete_within(whole).filter(of_flow).exec(tx).await?;
        Ok(())
    }

    /// `None` if the step has a schedule already.
    async fn insert_schedule(
        &self,
        tx: &Transaction,
        flow: &flow::Model,
        trigger: &step::Model,
        times: Times,
    ) -> Result<Option<ScheduleId>> {
        let (id, now) = (self.clock.new_id(), self.clock.now());
        let row = schedule::ActiveModel {
            id: Set(id),
            organization_id: Set(flow.organization_id),
            flow_id: Set(flow.id),
            version_id: Set(trigger.version_id),
            step_id: Set(trigger.id),
            next_at: Set(times.first(now)),
            cron: Set(times.cron),
            every_seconds: Set(times.every_seconds),
            timezone: Set(times.timezone),
            created_at: Set(now),
            missed: Set(times.missed),
        };
        let inserted = schedule::Entity::insert(row)
            .on_conflict_do_nothing_on([schedule::Column::StepId])
            .exec_without_returning(tx)
            .await?;
        Ok(matches!(inserted, TryInsertResult::Inserted(_)).then_some(id))
    }

    /// Moves the firings whose time has passed from the schedules of earlier versions to the new one.
    async fn keep_passed(
        &self,
        tx: &Transaction,
        whole: Scope,
        earlier: &Condition,
        new: ScheduleId,
    ) -> Result<()> {
        use schedule_firing::{Column, Entity};
        let of_earlier = schedule::Entity::within(whole)
            .select_only()
            .column(schedule::Column::Id)
            .filter(earlier.clone());
        Entity::update_within(whole)
            .col_expr(Column::ScheduleId, new.into())
            .filter(Expr::col(Column::ScheduleId).in_subquery(of_earlier.into_query()))
            .filter(Expr::col(Column::DueAt).lte(self.clock.in_postgres(TimeDelta::zero())))
            .filter(Column::ScheduleId.ne(new))
            .exec(tx)
            .await?;
        Ok(())
    }
}

/// A flow in the audit log.
pub(super) fn shown(flow: &flow::Model) -> serde_json::Value {
    let version = flow.published_version_id.map(|id| id.to_string());
    serde_json::json!({ "name": flow.name, "status": flow.status.to_value(), "publishedVersionId": version })
}
