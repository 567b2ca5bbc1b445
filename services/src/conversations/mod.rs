//! Threads, generations and models.

pub mod generations;
pub mod models;
pub mod threads;
mod tree;
