//! Accepts events that start executions. The event, the execution and its job are written in one transaction, so an
//! execution whose id was returned will run.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, ModelTrait as _, QueryFilter as _, SqlErr,
    sea_query::OnConflict,
};
use serde_json::{Value, json};
use triptych_entities::{
    ids::{ExecutionId, FlowId, FlowVersionId},
    payloads::job::Job,
    relational::automation::{execution, flow, flow_version, schedule_firing, step, webhook},
};
use triptych_stores::{
    access::{Action, Actor, Scope, Scoped as _, Subject},
    error::{Invalid, Result, ServiceError, StoreError},
    storable::storable,
};

use super::{
    Executions,
    quota::{self, Use},
    signature::{Proof, WebhookSecret},
};
use crate::{
    automation::integrations::{Start, WebhookStart},
    input::ClientId,
};

/// A manual run.
#[derive(Debug, Clone)]
pub struct ManualRun {
    pub flow_id: FlowId,
    /// Becomes `trigger`. For a flow with a webhook, a payload without `body` becomes the body.
    pub payload: Option<Value>,
    /// A version's number; absent: the published version, or the draft for a test.
    pub version: Option<i32>,
    pub test: bool,
    /// The same value for the same flow starts one execution only.
    pub client_id: Option<String>,
}

/// A request to a webhook's address.
#[derive(Debug, Clone)]
pub struct WebhookCall {
    pub token: String,
    /// `{ method headers query body }`.
    pub data: Value,
    /// What the sender shows of the webhook's secret.
    pub proof: Proof,
}

/// An execution to insert.
pub(super) struct NewExecution {
    pub(super) flow: flow::Model,
    pub(super) version: FlowVersionId,
    pub(super) source: execution::Source,
    pub(super) test: bool,
    pub(super) trigger: Value,
    pub(super) client_id: Option<String>,
    pub(super) firing: Option<schedule_firing::Model>,
}

impl Executions {
    /// Accepts a webhook's request.
    ///
    /// # Errors
    /// `NotFound` for an unknown token, `Conflict` when the flow is not published, `WrongSecret`.
    #[tracing::instrument(skip_all)]
    pub async fn accept_webhook(&self, call: WebhookCall) -> Result<execution::Model> {
        if !storable(&call.data) {
            return Err(Invalid::one("body", "contains the character U+0000, which cannot be stored").into());
        }
        let found = flow::Entity::across_tenants()
            .inner_join(webhook::Entity)
            .filter(webhook::Column::Token.eq(call.token))
            .one(&self.stores.pg)
            .await?;
        let flow = found.ok_or(ServiceError::NotFound("execution"))?;
        let (flow::Status::Published, Some(version)) = (flow.status, flow.published_version_id) else {
            return Err(ServiceError::conflict("this flow is not published"));
        };
        let graph = self.graphs.load(&self.stores.pg, version).await?;
        let trigger = graph.trigger().and_then(|trigger| match self.catalog.start(trigger)? {
            Start::Webhook(webhook) => Some((trigger, webhook)),
            Start::Schedule(_) | Start::Poll | Start::Manual => None,
        });
        let Some((trigger, webhook)) = trigger else {
            return Err(ServiceError::conflict("this flow is not started by a webhook"));
        };
        if let Some(secret) = self.webhook_secret(&flow, trigger, webhook).await?
            && !secret.is_proved_by(&call.proof, self.clock.now())
        {
            return Err(ServiceError::Unauthenticated(
                "the webhook's secret or signature is missing or wrong",
            ));
        }
        let new = NewExecution {
            flow,
            version,
            source: execution::Source::Webhook,
            test: false,
            trigger: call.data,
            client_id: None,
            firing: None,
        };
        self.insert(new).await?.ok_or(ServiceError::NotFound("execution"))
    }

    /// What senders have to know; `None` if every request starts the flow. Fails closed: a credential that cannot be read
    /// refuses the request.
    async fn webhook_secret(
        &self,
        flow: &flow::Model,
        trigger: &step::Model,
        webhook: &WebhookStart,
    ) -> Result<Option<WebhookSecret>> {
        let Some(id) = trigger.credential_id else {
            // Of a version that was stored before secrets were credentials.
            let secret = webhook.secret(&trigger.parameters);
            return Ok(secret.map(|secret| WebhookSecret::plain(secret.to_owned())));
        };
        let fields = self.credentials.open_webhook(flow.organization_id, flow.id, id).await?;
        Ok(Some(serde_json::from_value(fields).map_err(StoreError::from)?))
    }

    /// Runs a flow manually.
    ///
    /// # Errors
    /// `NotFound` also for another organization's flow; `Conflict` when there is nothing published to run.
    #[tracing::instrument(skip_all, fields(flow.id = %run.flow_id))]
    pub async fn run(&self, actor: &Actor, run: ManualRun) -> Result<execution::Model> {
        let flow = self.flow(actor.scope(Action::Run, Subject::Flow)?, run.flow_id).await?;
        let client_id = run.client_id.as_deref().map(ClientId::parse).transpose();
        let client_id = client_id.map_err(|message| Invalid::one("clientId", message))?;
        if let Some(client_id) = &client_id
            && let Some(existing) = self.by_client_id(&flow, client_id).await?
        {
            return Ok(existing);
        }
        let version = self.version_to_run(&flow, &run).await?;
        let graph = self.graphs.load(&self.stores.pg, version).await?;
        let Some(trigger) = graph.trigger() else {
            return Err(Invalid::one("flowId", "this version has no trigger to run from").into());
        };
        let trigger = trigger_data(self.catalog.start(trigger), run.payload, self.clock.now());
        let new = NewExecution {
            flow: flow.clone(),
            version,
            source: execution::Source::Manual,
            test: run.test,
            trigger,
            client_id: client_id.clone().map(ClientId::into_string),
            firing: None,
        };
        match (self.insert(new).await?, client_id) {
            (Some(execution), _) => Ok(execution),
            (None, Some(client_id)) => {
                self.by_client_id(&flow, &client_id).await?.ok_or(ServiceError::NotFound("execution"))
            }
            (None, None) => Err(ServiceError::NotFound("execution")),
        }
    }

    async fn version_to_run(&self, flow: &flow::Model, run: &ManualRun) -> Result<FlowVersionId> {
        match run.version {
            Some(number) => {
                let version = flow_version::Entity::within(Scope::whole(flow.organization_id))
                    .filter(flow_version::Column::FlowId.eq(flow.id))
                    .filter(flow_version::Column::Number.eq(number))
                    .one(&self.stores.pg)
                    .await?;
                version
                    .map(|version| version.id)
                    .ok_or_else(|| Invalid::one("version", "this flow has no such version").into())
            }
            None if run.test => Ok(flow.draft_version_id),
            None => flow.published_version_id.ok_or(ServiceError::conflict(
                "this flow is not published; publish it, or run its draft with `test: true`",
            )),
        }
    }

    async fn by_client_id(
        &self,
        flow: &flow::Model,
        client_id: &ClientId,
    ) -> Result<Option<execution::Model>> {
        Ok(execution::Entity::within(Scope::whole(flow.organization_id))
            .filter(execution::Column::FlowId.eq(flow.id))
            .filter(execution::Column::ClientId.eq(client_id.as_str()))
            .one(&self.stores.pg)
            .await?)
    }

    /// `None` if the same firing or client id has an execution already.
    pub(super) async fn insert(&self, new: NewExecution) -> Result<Option<execution::Model>> {
        let id: ExecutionId = self.clock.new_id();
        let job_id = self.clock.new_id();
        let now = self.clock.now();
        let organization = new.flow.organization_id;
        self.check_quotas(organization, now).await?;
        let more = Use { executions: 1, bytes: quota::size(&new.trigger) };
        let row = execution::Model {
            id,
            organization_id: new.flow.organization_id,
            flow_id: new.flow.id,
            version_id: new.version,
            status: execution::Status::Queued,
            source: new.source,
            test: new.test,
            trigger: Some(new.trigger),
            client_id: new.client_id,
            scheduled_for: new.firing.as_ref().map(|firing| firing.due_at),
            job_id,
            error_code: None,
            error_message: None,
            trace_id: Some(triptych_entities::ids::Id::uuid(id).simple().to_string()),
            created_at: now,
            started_at: None,
            finished_at: None,
        };
        let tx = self.stores.pg.begin().await?;
        let inserted = execution::Entity::insert(row.clone().into_active_model())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(&tx)
            .await;
        let inserted = match inserted {
            Err(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
                // The flow was deleted and removed meanwhile.
                return Err(ServiceError::NotFound("execution"));
            }
            inserted => inserted?,
        };
        if inserted == 0 {
            return Ok(None);
        }
        let job = match &new.firing {
            Some(firing) => {
                firing.clone().delete(&tx).await?;
                Job::BeginScheduled { execution_id: id }
            }
            None => Job::Begin { execution_id: id },
        };
        self.outbox.insert_as(&tx, job_id, organization, &job, None).await?;
        self.count_use(&tx, organization, now, more).await?;
        tx.commit().await?;
        self.outbox.wake();
        Ok(Some(row))
    }
}

/// The trigger's data of a manual run.
fn trigger_data(start: Option<&Start>, payload: Option<Value>, now: DateTime<Utc>) -> Value {
    match (start, payload) {
        (Some(Start::Webhook(_)), payload) => {
            let whole = payload.as_ref().and_then(Value::as_object).filter(|data| data.contains_key("body"));
            let mut data = json!({ "method": "POST", "headers": {}, "query": {}, "body": null });
            match whole {
                Some(fields) => {
                    for (name, value) in fields {
                        data[name] = value.clone();
                    }
                }
                None => data["body"] = payload.unwrap_or_else(|| json!({})),
            }
            data
        }
        (Some(Start::Schedule(_)), None) => json!({ "firedAt": now }),
        (_, payload) => payload.unwrap_or_else(|| json!({})),
    }
}
