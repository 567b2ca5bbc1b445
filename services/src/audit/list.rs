//! Reads the audit log. Each filter has an index that ends in the id, by which the list is sorted.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use triptych_entities::{
    ids::{AuditEventId, UserId},
    relational::identity::audit_event,
};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    error::{Invalid, Result},
    fetch::Fetch as _,
    ids::{IdColumn as _, first_id_at},
    page::{Page, PageArgs, rows::Sorted},
};

use super::{Audit, AuditAction};

/// Characters of the target of a filter.
const TARGET: usize = 100;

/// What a list of events is narrowed to. All that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub actor: Option<UserId>,
    /// The name of an [`AuditAction`].
    pub action: Option<String>,
    /// The id of the object that was changed, of any kind.
    pub target: Option<String>,
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
}

static NEWEST: LazyLock<Sorted<audit_event::Entity>> = LazyLock::new(|| {
    Sorted::newest("auditEvents", audit_event::Column::Id, |event: &audit_event::Model| event.id.into())
});

impl Audit {
    /// Lists the events that the caller may read, newest first: those of the organization, or those that the caller caused.
    ///
    /// # Errors
    /// `Denied`; `Invalid` for wrong page arguments, and for an action that does not exist.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        args: &PageArgs,
    ) -> Result<Page<audit_event::Model>> {
        let mut query = audit_event::Entity::within(actor.scope(Action::Read, Subject::AuditEvent)?);
        if let Some(user) = filter.actor {
            query = query.filter(audit_event::Column::UserId.eq(user));
        }
        if let Some(name) = &filter.action {
            let action = AuditAction::by_name(name);
            let action = action.ok_or_else(|| Invalid::one("filter.action", "there is no such action"))?;
            query = query.filter(audit_event::Column::Action.eq(action.name()));
        }
        if let Some(target) = &filter.target {
            if target.len() > TARGET {
                return Err(Invalid::one("filter.target", "not an id").into());
            }
            query = query.filter(audit_event::Column::Target.eq(target.as_str()));
        }
        if let Some(from) = filter.from {
            query = query.filter(audit_event::Column::Id.gte(first_id_at(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(audit_event::Column::Id.lt(first_id_at(to)));
        }
        Ok(NEWEST.page(&self.stores.pg, query, &NEWEST.window(args)?).await?)
    }

    /// Finds those of the events that the caller may read.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn by_ids(&self, actor: &Actor, ids: &[AuditEventId]) -> Result<Vec<audit_event::Model>> {
        let Ok(scope) = actor.scope(Action::Read, Subject::AuditEvent) else { return Ok(Vec::new()) };
        let query = audit_event::Entity::within(scope).filter(audit_event::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }
}
