//! Tasks that run for as long as the process: they survive panics, and it is known when each last succeeded.

mod supervise;
mod turns;

pub use supervise::{caught, supervise};
pub use turns::{Turn, TurnState, Turns};
