//! The network as clients see it: time limits, connections, origins and hosts.

mod connections;
mod cookies;
mod demo;
mod disclosure;
mod executions;
mod headers;
mod ops;
mod origins;
mod raw;
