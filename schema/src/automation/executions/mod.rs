//! Executions, as the API shows them.

mod event;
mod event_output;
mod input;
mod loader;
mod mutation;
mod object;
mod query;
mod step;
mod subscription;

pub use input::{DateTimeRange, ExecutionFilter};
pub(crate) use loader::executions_of_flow;
pub use mutation::ExecutionMutation;
pub use object::{Execution, ExecutionError, ExecutionStatus};
pub use query::ExecutionQuery;
pub use step::{ExecutionStep, ExecutionStepStatus};
pub use subscription::ExecutionSubscription;
