//! The catalogue of integrations, as the API shows it.

mod object;
mod query;

pub use object::Integration;
pub use query::IntegrationQuery;
