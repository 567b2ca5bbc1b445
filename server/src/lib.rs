//! GraphQL over HTTP and WebSocket, webhooks, configuration, embedded databases and the command line: the process
//! that people run.

pub mod app;
pub mod cli;
pub mod config;
pub mod embedded;
pub mod http;
