//! The test harness: real databases, started once per run, and for each test a [`World`] in them: a PostgreSQL database, a
//! MongoDB database, a Redis prefix, and a server that listens on a free port.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness that cannot go on fails the test"
)]

mod answer;
mod client;
mod clock;
mod collection;
mod counted;
mod engines;
mod gate;
mod introspection;
mod live;
mod local;
mod machine;
mod members;
mod provider;
mod proxy;
mod redact;
mod relay;
mod smtp;
mod steps;
mod stream;
mod wire;
mod world;

pub use answer::{Follower, GENERATION_EVENTS, Sent};
pub use client::{Client, Reply};
pub use clock::{Attempts, ManualClock, attempts};
pub use collection::Collection;
pub use counted::{Asked, Counted};
pub use engines::{durable_engines, engines};
pub use gate::Gate;
pub use introspection::{Field, Input, Schema, Type, TypeRef};
pub use live::Socket;
pub use local::LocalServer;
pub use machine::{Machine, alone, share};
pub use members::Grants;
pub use provider::{PROVIDER_KEY, ProviderServer};
pub use proxy::Proxy;
pub use redact::redacted;
pub use relay::Relay;
pub use smtp::{ReceivedMail, SmtpServer};
pub use steps::{Step, delay, get, hook, link, step, steps, text, transformed};
pub use stream::StoredStream;
pub use world::World;
