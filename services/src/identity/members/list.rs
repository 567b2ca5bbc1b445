//! Reads members.

use std::sync::LazyLock;

use sea_orm::QueryFilter as _;
use triptych_entities::{ids::MembershipId, relational::identity::membership};
use triptych_stores::{
    access::{Action, Actor, Scoped as _, Subject},
    error::Result,
    fetch::Fetch as _,
    ids::IdColumn as _,
    page::{Page, PageArgs, rows::Sorted},
};

use crate::identity::Identity;

static OLDEST: LazyLock<Sorted<membership::Entity>> = LazyLock::new(|| {
    Sorted::new("members", false).by_column(
        membership::Column::Id,
        triptych_stores::page::KeyKind::Id,
        |row: &membership::Model| row.id.into(),
    )
});

impl Identity {
    /// Lists the members that the caller may read, in the order in which they joined.
    ///
    /// # Errors
    /// `Invalid` for wrong page arguments, `Denied`.
    pub async fn members(&self, actor: &Actor, args: &PageArgs) -> Result<Page<membership::Model>> {
        let query = membership::Entity::within(actor.scope(Action::Read, Subject::Member)?);
        Ok(OLDEST.page(&self.stores.pg, query, &OLDEST.window(args)?).await?)
    }

    /// Finds those of the members that the caller may read.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn members_by_ids(
        &self,
        actor: &Actor,
        ids: &[MembershipId],
    ) -> Result<Vec<membership::Model>> {
        let Ok(scope) = actor.scope(Action::Read, Subject::Member) else { return Ok(Vec::new()) };
        let query = membership::Entity::within(scope).filter(membership::Column::Id.any_of(ids));
        Ok(query.fetch(&self.stores.pg).await?)
    }
}
