//! What tests stand on: real engines started once a run, and for each test a world of its own in them: a
//! PostgreSQL database, a Mongo database, a Redis prefix, and a server that listens on a free port.

mod client;
mod engines;
mod live;
mod local;
mod world;

pub(crate) use client::{Client, Reply};
pub(crate) use engines::engines;
pub(crate) use live::Socket;
pub(crate) use local::LocalServer;
pub(crate) use world::World;
