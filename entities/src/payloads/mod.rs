//! What travels through Redis: jobs, live events, sessions. All of it can be lost and made again.

pub mod execution_event;
pub mod generation_event;
pub mod job;
pub mod session;
