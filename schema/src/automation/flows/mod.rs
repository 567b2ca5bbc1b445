//! Flows, as the API shows them.

mod input;
mod loader;
mod mutation;
mod object;
mod query;
mod version;

pub use input::{FlowFilter, FlowOrder};
pub(crate) use loader::load_graph;
pub use mutation::FlowMutation;
pub use object::{Flow, FlowStatus};
pub use query::FlowQuery;
pub use version::{FlowVersion, Step, StepKind, StepLinkKind};
