//! Filters and order of lists of flows.

use sea_orm::{
    ColumnTrait as _, Condition, QueryFilter as _, Select,
    sea_query::{Expr, ExprTrait as _, Func, Query, SimpleExpr, extension::postgres::PgExpr as _},
};
use triptych_entities::{
    ids::UserId,
    relational::automation::{flow, step},
};
use triptych_stores::{
    error::Invalid,
    page::{KeyKind, KeyValue, rows::Sorted},
};

use crate::input::Search;

/// A filter of flows. All conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct FlowFilter {
    /// A part of the name; case-insensitive.
    pub search: Option<String>,
    pub status: Option<flow::Status>,
    /// Flows whose draft uses this integration.
    pub integration: Option<String>,
    pub owner: Option<UserId>,
}

/// The sort key of a list of flows, before the id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlowSort {
    #[default]
    CreatedAt,
    UpdatedAt,
    Name,
}

/// A sort key and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowOrder {
    pub by: FlowSort,
    pub descending: bool,
}

impl Default for FlowOrder {
    fn default() -> Self {
        Self { by: FlowSort::CreatedAt, descending: true }
    }
}

impl FlowOrder {
    /// Each of these has an index.
    pub(super) fn sorted(self) -> Sorted<flow::Entity> {
        let list = match self.by {
            FlowSort::CreatedAt => "flows.createdAt",
            FlowSort::UpdatedAt => "flows.updatedAt",
            FlowSort::Name => "flows.name",
        };
        let sorted = Sorted::<flow::Entity>::new(list, self.descending);
        let sorted = match self.by {
            FlowSort::CreatedAt => {
                sorted.by_column(flow::Column::CreatedAt, KeyKind::Time, |flow: &flow::Model| {
                    KeyValue::Time(flow.created_at)
                })
            }
            FlowSort::UpdatedAt => {
                sorted.by_column(flow::Column::UpdatedAt, KeyKind::Time, |flow: &flow::Model| {
                    KeyValue::Time(flow.updated_at)
                })
            }
            FlowSort::Name => {
                let name: SimpleExpr = Func::lower(Expr::col((flow::Entity, flow::Column::Name))).into();
                sorted.by(name, flow::Column::Name, KeyKind::Text, |flow: &flow::Model| {
                    KeyValue::Text(flow.name.to_lowercase())
                })
            }
        };
        sorted.by_column(flow::Column::Id, KeyKind::Id, |flow: &flow::Model| flow.id.into())
    }
}

impl FlowFilter {
    /// Adds the conditions to a query.
    ///
    /// # Errors
    /// `Invalid` for a search text that is too long.
    pub(super) fn narrow(&self, mut query: Select<flow::Entity>) -> Result<Select<flow::Entity>, Invalid> {
        if let Some(text) = Search::of_filter(self.search.as_deref())? {
            let escaped = text.as_str().replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
            query = query.filter(Expr::col((flow::Entity, flow::Column::Name)).ilike(format!("%{escaped}%")));
        }
        if let Some(status) = self.status {
            query = query.filter(flow::Column::Status.eq(status));
        }
        if let Some(owner) = self.owner {
            query = query.filter(flow::Column::OwnerId.eq(owner));
        }
        if let Some(integration) = &self.integration {
            let of_draft = Expr::col((step::Entity, step::Column::VersionId))
                .equals((flow::Entity, flow::Column::DraftVersionId));
            let using = Query::select()
                .expr(Expr::val(1))
                .from(step::Entity)
                .cond_where(
                    Condition::all()
                        .add(of_draft)
                        .add(Expr::col((step::Entity, step::Column::Integration)).eq(integration.as_str())),
                )
                .to_owned();
            query = query.filter(Expr::exists(using));
        }
        Ok(query)
    }
}
