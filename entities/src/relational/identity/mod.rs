//! Organizations, users, and what gives them access.

pub mod api_token;
pub mod membership;
pub mod organization;
pub mod permission;
pub mod role;
pub mod user;
