//! The demo user, who has no password. Only the playground of a server that nobody else can reach signs in as them.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::Expr,
};
use triptych_entities::{
    ids::{OrganizationId, UserId},
    relational::identity::{api_token, membership, organization, user},
};
use triptych_stores::{
    access::{Origin, Scoped as _},
    error::Result,
};

use super::{
    Identity,
    sign_up::{NewOwner, has_email},
};

/// The address of the demo user.
pub const DEMO_EMAIL: &str = "demo@triptych.local";

impl Identity {
    /// Finds the demo user and their organization. A user with this address and a password is somebody else.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn demo(&self) -> Result<Option<(UserId, OrganizationId)>> {
        let found = user::Entity::find()
            .filter(has_email(DEMO_EMAIL))
            .filter(user::Column::PasswordHash.is_null())
            .find_also_related(membership::Entity)
            .order_by_asc(membership::Column::Id)
            .one(&self.stores.pg)
            .await?;
        Ok(found.and_then(|(user, membership)| Some((user.id, membership?.organization_id))))
    }

    /// Creates the demo user and their organization.
    ///
    /// # Errors
    /// `EmailTaken` if somebody else has the address.
    pub async fn create_demo(&self) -> Result<(UserId, OrganizationId)> {
        let owner = NewOwner {
            email: DEMO_EMAIL.to_owned(),
            name: "Demo".to_owned(),
            organization_name: "Demo organization".to_owned(),
        };
        self.create_owner(owner, None, &Origin::default()).await
    }

    /// Ends all sessions and API tokens of the demo user.
    ///
    /// # Errors
    /// If PostgreSQL or Redis does not answer.
    pub async fn shut_out_demo(&self) -> Result<()> {
        let Some((user, _)) = self.demo().await? else { return Ok(()) };
        api_token::Entity::update_across_tenants()
            .col_expr(api_token::Column::ExpiresAt, Expr::value(self.clock.now()))
            .filter(api_token::Column::UserId.eq(user))
            .exec(&self.stores.pg)
            .await?;
        let tx = self.stores.pg.begin().await?;
        self.begin_epoch(&tx, user).await?;
        tx.commit().await?;
        Ok(self.sessions.end_all(user).await?)
    }

    /// Whether the database has an organization.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn has_organizations(&self) -> Result<bool> {
        Ok(organization::Entity::find().count(&self.stores.pg).await? > 0)
    }
}
