//! Data types: rows of PostgreSQL (`relational`), documents of MongoDB (`documents`), payloads in Redis (`payloads`), and
//! the ids of all of them.
//!
//! Contains no queries and no logic, and does not depend on GraphQL.

pub mod access;
pub mod documents;
pub mod failure;
pub mod ids;
pub mod payloads;
pub mod relational;
pub mod subjects;
