//! The network as clients see it: time limits, connections, origins and hosts.

mod connections;
mod demo;
mod executions;
mod origins;
mod raw;
