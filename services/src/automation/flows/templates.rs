//! The interface of the template language for the validator. `engine` provides the implementation at start.

use serde_json::Value;
use triptych_stores::error::Problem;

/// Analyses templates without filling them in.
pub trait Templates: Send + Sync {
    /// Templates that cannot be parsed, with paths below `root`.
    fn problems(&self, root: &str, parameters: &Value) -> Vec<Problem>;

    /// The steps that the parameters refer to: `(path of the parameter, step key)`.
    fn references(&self, parameters: &Value) -> Vec<(String, String)>;

    /// Why a branch condition cannot be parsed.
    fn condition_problem(&self, expression: &str) -> Option<String>;

    /// The keys of the steps that a branch condition refers to.
    fn condition_references(&self, expression: &str) -> Vec<String>;
}
