//! Generations, and the models that they call.

pub mod generations;
pub mod models;
