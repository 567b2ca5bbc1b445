//! Threads, messages and generations, as the API shows them.

pub(crate) mod generations;
pub(crate) mod threads;
