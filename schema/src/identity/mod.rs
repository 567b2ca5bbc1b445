//! The API of users, organizations and their access.

mod audit;
mod by_mail;
mod cookie;
mod deletion;
mod input;
mod loader;
mod member;
mod member_roots;
mod mutation;
mod object;
mod query;
mod session;

pub use audit::{AuditEvent, AuditQuery};
pub use by_mail::ByMailMutation;
pub use cookie::SessionCookie;
pub use deletion::{AccessDeletionMutation, AccessDeletionQuery};
pub use member::{Invitation, Member, Role};
pub use member_roots::{MemberMutation, MemberQuery};
pub use mutation::IdentityMutation;
pub use object::{Organization, User};
pub use query::IdentityQuery;
pub use session::Session;
