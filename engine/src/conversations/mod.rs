//! What answers messages: generations, and the models that they ask.

pub mod generations;
pub mod models;
