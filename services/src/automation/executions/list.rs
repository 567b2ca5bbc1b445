//! Filters and order of lists of executions. Each filter has an index.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, QueryFilter as _, Select,
    sea_query::{Expr, ExprTrait as _, Query},
};
use triptych_entities::{
    ids::FlowId,
    relational::automation::{execution, step},
};
use triptych_stores::{
    error::Invalid,
    ids::first_id_at,
    page::{PageArgs, Window, rows::Sorted},
};

/// What a list of executions is narrowed to. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ExecutionFilter {
    pub flow: Option<FlowId>,
    /// One of these.
    pub status: Option<Vec<execution::Status>>,
    /// Executions of versions that use this integration.
    pub integration: Option<String>,
    pub test: Option<bool>,
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
}

pub(super) static NEWEST: LazyLock<Sorted<execution::Entity>> = LazyLock::new(|| {
    Sorted::newest("executions", execution::Column::Id, |execution: &execution::Model| execution.id.into())
});

impl ExecutionFilter {
    /// Checks the arguments of a connection of executions.
    ///
    /// # Errors
    /// See [`Window::parse`].
    pub fn window(args: &PageArgs) -> Result<Window, Invalid> {
        NEWEST.window(args)
    }

    pub(super) fn narrow(&self, mut query: Select<execution::Entity>) -> Select<execution::Entity> {
        if let Some(flow) = self.flow {
            query = query.filter(execution::Column::FlowId.eq(flow));
        }
        if let Some(status) = &self.status {
            query = query.filter(execution::Column::Status.is_in(status.iter().copied()));
        }
        if let Some(test) = self.test {
            query = query.filter(execution::Column::Test.eq(test));
        }
        // Ids are sorted by time, so a range of time is a range of the index of the list.
        if let Some(from) = self.from {
            query = query.filter(execution::Column::Id.gte(first_id_at(from)));
        }
        if let Some(to) = self.to {
            query = query.filter(execution::Column::Id.lt(first_id_at(to)));
        }
        if let Some(integration) = &self.integration {
            let of_version = Expr::col((step::Entity, step::Column::VersionId))
                .equals((execution::Entity, execution::Column::VersionId));
            let using = Query::select()
                .expr(Expr::val(1))
                .from(step::Entity)
                .and_where(of_version)
                .and_where(Expr::col((step::Entity, step::Column::Integration)).eq(integration.as_str()))
                .to_owned();
            query = query.filter(Expr::exists(using));
        }
        query
    }
}
