//! Threads, generations and providers.

mod generations;
mod providers;
mod threads;
