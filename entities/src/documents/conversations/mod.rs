//! Threads, their messages, the generations that answer them, and what those used.

pub mod generation;
pub mod message;
pub mod part;
pub mod thread;
pub mod usage_event;
