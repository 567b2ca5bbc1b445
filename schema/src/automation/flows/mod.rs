//! Flows, as the API shows them.

mod input;
mod loader;
mod mutation;
mod object;
mod query;
mod version;

pub use input::{FlowFilter, FlowOrder, OrderDirection};
pub(crate) use loader::{load_flow, load_graph, load_step, load_version};
pub use mutation::{DeletePayload, FlowMutation};
pub use object::{Flow, FlowStatus};
pub use query::FlowQuery;
pub use version::{FlowVersion, Step, StepKind, StepLinkKind};
