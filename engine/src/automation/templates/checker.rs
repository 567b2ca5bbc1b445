//! The renderer as the flow validator uses it.

use serde_json::Value;
use triptych_services::{automation::flows::Templates, error::Problem};

use super::Renderer;

impl Templates for Renderer {
    fn problems(&self, root: &str, parameters: &Value) -> Vec<Problem> {
        Self::problems(self, root, parameters)
    }

    fn references(&self, parameters: &Value) -> Vec<(String, String)> {
        Self::references(self, parameters)
    }

    fn condition_problem(&self, expression: &str) -> Option<String> {
        Self::condition_problem(self, expression)
    }

    fn condition_references(&self, expression: &str) -> Vec<String> {
        Self::condition_references(self, expression)
    }
}
