//! The members of an organization. Their changes happen one after another, so that an organization keeps an owner.

mod change;
mod list;
mod standing;

pub(super) use standing::{Standing, grant, grants, lock_members};
