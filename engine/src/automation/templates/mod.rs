//! Templates in step parameters: `{{ trigger.body.name }}`, `{{ steps.fetch.output.body.items[0].id }}`,
//! `{{ vars.region }}`, `{{ item }}`.
//!
//! They are a sandbox: no files, no environment variables, no clock, no network, and a budget for the work and
//! the memory of each value. Nothing here knows databases or queues.

mod check;
mod checker;
mod environment;
mod error;
mod filters;
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

/// How much all the templates of one step's parameters may produce together, in bytes of JSON.
pub const TOTAL_LIMIT: usize = 8 * VALUE_LIMIT;

/// Fills in templates, and checks them before they run. Cheap to share, costly to build: build one.
#[derive(Debug)]
pub struct Renderer {
    /// A missing value is an error wherever it is used.
    strict: Environment<'static>,
    /// Steps through missing values, so that `default` and `is defined` can catch them; using one otherwise is
    /// still an error.
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
