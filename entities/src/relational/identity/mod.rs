//! Organizations, users, and their roles, permissions and tokens.

pub mod api_token;
pub mod audit_event;
pub mod invitation;
pub mod membership;
pub mod organization;
pub mod permission;
pub mod role;
pub mod user;
