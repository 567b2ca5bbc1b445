//! The data loaders of users and organizations.

use triptych_entities::{
    ids::{OrganizationId, UserId},
    relational::identity::{organization, user},
};

use super::{Organization, object::User};
use crate::{
    loaders::Caller,
    node::{Fetched, NodeType},
};

impl NodeType for User {
    type Id = UserId;
    type Row = user::Model;
    const NOUN: &'static str = "user";

    async fn fetch(caller: &Caller, ids: &[UserId]) -> Fetched<Self::Row> {
        caller.services.identity.users(&caller.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> UserId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}

impl NodeType for Organization {
    type Id = OrganizationId;
    type Row = organization::Model;
    const NOUN: &'static str = "organization";

    /// A caller sees their own organizations only.
    async fn fetch(caller: &Caller, ids: &[OrganizationId]) -> Fetched<Self::Row> {
        let own = caller.services.identity.organizations(&caller.actor).await?;
        Ok(own.into_iter().filter(|organization| ids.contains(&organization.id)).collect())
    }

    fn id_of(row: &Self::Row) -> OrganizationId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}
