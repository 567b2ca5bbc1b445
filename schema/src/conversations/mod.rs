//! Threads, messages, generations and presets, as the API shows them.

pub(crate) mod generations;
pub(crate) mod presets;
pub(crate) mod threads;
