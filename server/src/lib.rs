//! GraphQL over HTTP and WebSocket, webhooks, configuration, embedded databases and the command line: the process
//! that people run.

// Resolving a query makes many short-lived futures of all sizes; the system's allocator spends a third of the
// time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod app;
pub mod cli;
pub mod config;
pub mod http;

pub use triptych_migration as migration;

/// Re-exports of the lower layers, for tests and benchmarks that replace a worker.
pub mod services {
    pub use triptych_entities::{documents, ids, relational};
    pub use triptych_services::{Services, access, automation, clock, collections, live, postgres, tls};
    pub use uuid;
}
