//! Accounts, sessions, API tokens, and the isolation of tenants.

mod accounts;
mod audit;
mod deletions;
mod expiry;
mod grants;
mod invitations;
mod mails;
mod members;
mod passwords;
mod sessions;
mod tenancy;
mod tokens;
