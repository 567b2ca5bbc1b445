//! Threads, messages, generations and presets, as the API shows them.

pub(crate) mod generations;
mod parameters;
pub(crate) mod presets;
pub(crate) mod threads;
