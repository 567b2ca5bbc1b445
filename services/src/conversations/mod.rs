//! Threads, the generations that answer them, and the models that are asked.

pub mod generations;
pub mod models;
pub mod threads;
mod tree;
