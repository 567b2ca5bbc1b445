//! Sums of usage, with one aggregation for all keys of a batch.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use mongodb::bson::{self, Bson, Document, doc};
use serde::Deserialize;
use triptych_entities::{
    documents::{conversations::usage_event::UsageEvent, to_bson},
    ids::{ExecutionId, FlowId, Id, OrganizationId, ThreadId},
};
use triptych_stores::{collections::in_time, error::StoreError};

use super::Generations;

/// Tokens, cost and calls of several generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageSummary {
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_input_tokens: i64,
    pub reasoning_tokens: i64,
    /// In millionths of a unit of the currency.
    pub cost_micros: i64,
    /// Number of requests to models.
    pub calls: i64,
}

/// The time of the calls: from the first instant, inclusive, to the second, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Period {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// A type of key by which usage can be summed.
pub trait UsageBy: Id + Into<Bson> {
    /// The field of the usage event.
    const FIELD: &'static str;
}

impl UsageBy for FlowId {
    const FIELD: &'static str = "flowId";
}

impl UsageBy for ExecutionId {
    const FIELD: &'static str = "executionId";
}

impl UsageBy for ThreadId {
    const FIELD: &'static str = "threadId";
}

impl Generations {
    /// Sums the usage by key; zero for keys without usage. The caller has to check that the actor may read the keys.
    ///
    /// # Errors
    /// If `MongoDB` does not answer.
    pub async fn usage_summary<K: UsageBy>(
        &self,
        organization: OrganizationId,
        ids: &[K],
        period: Period,
    ) -> Result<HashMap<K, UsageSummary>, StoreError> {
        #[derive(Deserialize)]
        struct Row {
            #[serde(rename = "_id")]
            id: bson::Uuid,
            #[serde(flatten)]
            sums: UsageSummary,
        }
        let wanted: Vec<Bson> = ids.iter().map(|id| (*id).into()).collect();
        let mut filter = doc! { "organizationId": organization, K::FIELD: { "$in": wanted } };
        if let Some(range) = range(period) {
            filter.insert("createdAt", range);
        }
        let sum = |field: &str| doc! { "$sum": { "$toLong": format!("${field}") } };
        let pipeline = [
            doc! { "$match": filter },
            doc! { "$group": {
                "_id": format!("${}", K::FIELD),
                "inputTokens": sum("inputTokens"),
                "outputTokens": sum("outputTokens"),
                "cachedInputTokens": sum("cachedInputTokens"),
                "reasoningTokens": sum("reasoningTokens"),
                "costMicros": sum("costMicros"),
                "calls": { "$sum": 1_i64 },
            } },
        ];
        let query = async {
            self.stores
                .documents::<UsageEvent>()
                .across_tenants()
                .aggregate(pipeline)
                .await?
                .with_type::<Row>()
                .try_collect::<Vec<_>>()
                .await
        };
        let mut sums: HashMap<K, UsageSummary> =
            ids.iter().map(|id| (*id, UsageSummary::default())).collect();
        for row in in_time(query).await? {
            sums.insert(K::from_uuid(uuid::Uuid::from_bytes(row.id.bytes())), row.sums);
        }
        Ok(sums)
    }
}

fn range(period: Period) -> Option<Document> {
    let mut range = Document::new();
    if let Some(from) = period.from {
        range.insert("$gte", to_bson(from));
    }
    if let Some(to) = period.to {
        range.insert("$lt", to_bson(to));
    }
    (!range.is_empty()).then_some(range)
}
