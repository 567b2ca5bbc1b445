//! Accounts, sessions, tokens, and the walls between tenants.

mod accounts;
mod expiry;
mod grants;
mod tenancy;
