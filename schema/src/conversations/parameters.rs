//! The parameters of model calls.

use async_graphql::{Json, SimpleObject};
use serde_json::Value;
use triptych_entities::documents::conversations::generation::Parameters;

/// The parameters of model calls. Null: the default of the provider.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct GenerationParameters {
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<f64>,
    /// The most tokens of an answer.
    pub max_output_tokens: Option<i32>,
    /// The seed of sampling.
    pub seed: Option<i64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// The JSON Schema of the answer.
    pub json_schema: Option<Json<Value>>,
}

impl From<Parameters> for GenerationParameters {
    fn from(parameters: Parameters) -> Self {
        let Parameters { temperature, top_p, max_output_tokens, seed, stop, json_schema } = parameters;
        Self { temperature, top_p, max_output_tokens, seed, stop, json_schema: json_schema.map(Json) }
    }
}
