//! Generations and what they cost, as the API shows them.

mod event;
mod loader;
mod mutation;
mod object;
mod part;
mod query;
mod subscription;
mod usage;

pub(crate) use loader::{generation_of_step, usage_of};
pub use mutation::GenerationMutation;
pub use object::Generation;
pub use part::{MessagePart, parts};
pub use query::GenerationQuery;
pub use subscription::GenerationSubscription;
pub use usage::{Usage, UsageSummary};
