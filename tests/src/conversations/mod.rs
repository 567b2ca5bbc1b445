//! Threads, generations and providers.

mod generations;
mod presets;
mod providers;
mod threads;
