//! The API of threads and their messages.

mod input;
mod loader;
mod message;
mod mutation;
mod object;
mod query;
mod send_input;

pub use message::Message;
pub use mutation::ThreadMutation;
pub use object::Thread;
pub use query::ThreadQuery;
