//! Batch finders of users and organizations, within the organization of the caller.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use triptych_entities::{
    ids::{OrganizationId, UserId},
    relational::identity::{membership, organization, user},
};
use triptych_stores::access::Actor;
use triptych_stores::error::{Result, ServiceError};
use triptych_stores::fetch::Fetch as _;
use triptych_stores::ids::IdColumn as _;

use super::Identity;

impl Identity {
    /// Finds the members of the caller's organization among these ids.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn users(&self, actor: &Actor, ids: &[UserId]) -> Result<Vec<user::Model>> {
        let members = sea_orm::sea_query::Query::select()
            .column(membership::Column::UserId)
            .from(membership::Entity)
            .and_where(membership::Column::OrganizationId.eq(actor.organization))
            .to_owned();
        Ok(user::Entity::find()
            .filter(user::Column::Id.any_of(ids))
            .filter(user::Column::Id.in_subquery(members))
            .fetch(&self.stores.pg)
            .await?)
    }

    /// Finds the organization of the caller.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn organization(&self, actor: &Actor) -> Result<organization::Model> {
        self.organization_by_id(actor.organization).await
    }

    /// Lists the organizations of the user, oldest first; with an API token, that of the token.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn organizations(&self, actor: &Actor) -> Result<Vec<organization::Model>> {
        let joined = sea_orm::sea_query::Query::select()
            .column(membership::Column::OrganizationId)
            .from(membership::Entity)
            .and_where(membership::Column::UserId.eq(actor.user))
            .to_owned();
        let mut own = organization::Entity::find()
            .filter(organization::Column::Id.in_subquery(joined))
            .order_by_asc(organization::Column::Id);
        if actor.session().is_none() {
            own = own.filter(organization::Column::Id.eq(actor.organization));
        }
        Ok(own.fetch(&self.stores.pg).await?)
    }

    async fn organization_by_id(&self, id: OrganizationId) -> Result<organization::Model> {
        organization::Entity::find_by_id(id)
            .one(&self.stores.pg)
            .await?
            .ok_or(ServiceError::NotFound("organization"))
    }
}
