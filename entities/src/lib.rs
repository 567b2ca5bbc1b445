//! The nouns of Triptych: rows of PostgreSQL (`relational`), documents of MongoDB (`documents`), what travels
//! through Redis (`payloads`), and the ids that name all of them.
//!
//! Shapes only. Nothing here opens a connection, and nothing here knows GraphQL.

pub mod access;
pub mod documents;
pub mod failure;
pub mod ids;
pub mod payloads;
pub mod relational;
