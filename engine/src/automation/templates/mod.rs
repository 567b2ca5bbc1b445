//! Templates in step parameters: `{{ trigger.body.name }}`, `{{ steps.fetch.output.body.items[0].id }}`,
//! `{{ vars.region }}`, `{{ item }}`.
//!
//! They run in a sandbox: no files, no environment variables, no clock, no network, and limits on the work and the
//! memory of each value. Does not depend on databases or queues.

mod check;
mod checker;
mod environment;
mod error;
mod filters;
mod json;
mod needs;
mod render;
mod scope;
mod source;
#[cfg(test)]
mod tests;

pub use error::TemplateError;
pub use render::Missing;
pub use scope::Scope;

use minijinja::Environment;

/// The largest value that a template may produce, in bytes of JSON.
pub const VALUE_LIMIT: usize = 1_048_576;

/// The most that all the templates of one step's parameters may produce together, in bytes of JSON.
pub const TOTAL_LIMIT: usize = 8 * VALUE_LIMIT;

/// Fills in templates, and checks them before they run. Build one and share it: building is expensive.
#[derive(Debug)]
pub struct Renderer {
    /// A missing value is an error wherever it is used.
    strict: Environment<'static>,
    /// A lookup in a missing value is again a missing value, for `default` and `is defined`; any other use of one is
    /// an error.
    catching: Environment<'static>,
    /// A missing value is null.
    lenient: Environment<'static>,
}

impl Renderer {
    #[must_use]
    pub fn new() -> Self {
        Self {
            strict: environment::strict(),
            catching: environment::catching(),
            lenient: environment::lenient(),
        }
    }
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}
