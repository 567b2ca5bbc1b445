//! A user, who can sign in.

use sea_orm::entity::prelude::*;

use crate::ids::UserId;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users", model_attrs(derive(triptych_derive::Positional)))]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// As entered by the user; compared ignoring case.
    pub email: String,
    pub name: String,
    /// Argon2id, in PHC string format. A user without one cannot sign in with a password.
    pub password_hash: Option<String>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Sessions that were started in an earlier epoch are invalid.
    pub session_epoch: i32,
    /// When the account was deleted. Its address and name are erased.
    pub deleted_at: Option<DateTimeUtc>,
    #[sea_orm(has_many)]
    pub memberships: HasMany<super::membership::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
