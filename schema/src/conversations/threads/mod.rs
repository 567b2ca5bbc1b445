//! Conversations, as the API shows them.

mod input;
mod loader;
mod message;
mod mutation;
mod object;
mod query;

pub(crate) use input::GenerationParametersInput;
pub use message::Message;
pub use mutation::ThreadMutation;
pub use object::Thread;
pub use query::ThreadQuery;
