//! Usage: tokens and costs.

use async_graphql::SimpleObject;
use triptych_entities::documents::conversations::generation;
use triptych_services::conversations::generations;

use crate::scalars::Decimal;

/// The currency of costs.
const CURRENCY: &str = "USD";

/// The usage of a generation.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct Usage {
    /// The number of input tokens.
    pub input_tokens: i64,
    /// The number of output tokens, including reasoning tokens.
    pub output_tokens: i64,
    /// The number of input tokens that the provider read from its cache.
    pub cached_input_tokens: i64,
    /// The number of output tokens for reasoning.
    pub reasoning_tokens: i64,
    /// The cost by the configured prices of the model; zero without prices.
    pub cost: Decimal,
    /// The currency of the cost.
    pub currency: &'static str,
}

impl From<generation::Usage> for Usage {
    fn from(usage: generation::Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            cost: Decimal::from_micros(usage.cost_micros),
            currency: CURRENCY,
        }
    }
}

/// The total usage of several generations.
#[derive(SimpleObject)]
#[graphql(crate = "crate::output")]
pub struct UsageSummary {
    /// The number of input tokens.
    pub input_tokens: i64,
    /// The number of output tokens, including reasoning tokens.
    pub output_tokens: i64,
    /// The number of input tokens that providers read from their caches.
    pub cached_input_tokens: i64,
    /// The number of output tokens for reasoning.
    pub reasoning_tokens: i64,
    /// The sum of input and output tokens.
    pub total_tokens: i64,
    /// The cost by the prices at the time of each generation.
    pub cost: Decimal,
    /// The currency of the cost.
    pub currency: &'static str,
    /// The number of requests to models.
    pub calls: i64,
}

impl From<generations::UsageSummary> for UsageSummary {
    fn from(sums: generations::UsageSummary) -> Self {
        Self {
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            cached_input_tokens: sums.cached_input_tokens,
            reasoning_tokens: sums.reasoning_tokens,
            total_tokens: sums.input_tokens + sums.output_tokens,
            cost: Decimal::from_micros(sums.cost_micros),
            currency: CURRENCY,
            calls: sums.calls,
        }
    }
}
