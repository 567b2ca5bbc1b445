//! Accounts, sessions, API tokens, and the isolation of tenants.

mod accounts;
mod expiry;
mod grants;
mod passwords;
mod tenancy;
