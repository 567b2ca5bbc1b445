//! The parameters of model calls.

use async_graphql::{InputObject, Json, SimpleObject};
use serde_json::Value;
use triptych_entities::documents::conversations::generation::Parameters;

/// The parameters of model calls. Null: the default of the provider.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct GenerationParameters {
    /// The sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// The nucleus sampling threshold (top-p), 0 to 1.
    pub top_p: Option<f64>,
    /// The maximum number of output tokens.
    pub max_output_tokens: Option<i32>,
    /// The seed of sampling.
    pub seed: Option<i64>,
    /// The stop sequences.
    pub stop: Vec<String>,
    /// The JSON Schema of a structured response.
    pub json_schema: Option<Json<Value>>,
}

impl From<Parameters> for GenerationParameters {
    fn from(parameters: Parameters) -> Self {
        let Parameters { temperature, top_p, max_output_tokens, seed, stop, json_schema } = parameters;
        Self { temperature, top_p, max_output_tokens, seed, stop, json_schema: json_schema.map(Json) }
    }
}

/// Parameters of the model. Absent fields have the defaults of the provider.
#[derive(InputObject, Default)]
pub struct GenerationParametersInput {
    /// The sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// The nucleus sampling threshold (top-p), 0 to 1.
    pub top_p: Option<f64>,
    /// The maximum number of output tokens.
    pub max_output_tokens: Option<i32>,
    /// The seed of sampling, for reproducible responses where the provider supports it.
    pub seed: Option<i64>,
    /// Up to 16 stop sequences.
    pub stop: Option<Vec<String>>,
    /// The JSON Schema of a structured response.
    pub json_schema: Option<Json<Value>>,
}

impl From<GenerationParametersInput> for Parameters {
    fn from(input: GenerationParametersInput) -> Self {
        Self {
            temperature: input.temperature,
            top_p: input.top_p,
            max_output_tokens: input.max_output_tokens,
            seed: input.seed,
            stop: input.stop.unwrap_or_default(),
            json_schema: input.json_schema.map(|Json(schema)| schema),
        }
    }
}
