//! Threads, generations and models.

pub mod generations;
pub mod models;
mod parameters;
pub mod presets;
pub mod threads;
mod tree;
