//! Threads, generations and providers.

mod deletions;
mod documents;
mod endings;
mod generations;
mod presets;
mod providers;
mod threads;
mod unique;
