//! Tokens and money.

use async_graphql::SimpleObject;
use triptych_entities::documents::conversations::generation;
use triptych_services::conversations::generations;

use crate::scalars::Decimal;

/// What costs are counted in.
const CURRENCY: &str = "USD";

/// What one answer used.
#[derive(SimpleObject)]
pub struct Usage {
    /// Tokens that the model was shown.
    pub input_tokens: i64,
    /// Tokens that it wrote, those for reasoning among them.
    pub output_tokens: i64,
    /// Input tokens that the provider had cached.
    pub cached_input_tokens: i64,
    /// Output tokens that went into reasoning.
    pub reasoning_tokens: i64,
    /// By the prices that are configured for the model; zero without any.
    pub cost: Decimal,
    /// What the cost is counted in.
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

/// What many answers used together.
#[derive(SimpleObject)]
pub struct UsageSummary {
    /// Tokens that models were shown.
    pub input_tokens: i64,
    /// Tokens that they wrote, those for reasoning among them.
    pub output_tokens: i64,
    /// Input tokens that providers had cached.
    pub cached_input_tokens: i64,
    /// Output tokens that went into reasoning.
    pub reasoning_tokens: i64,
    /// Input and output together.
    pub total_tokens: i64,
    /// By the prices that were configured at the time.
    pub cost: Decimal,
    /// What the cost is counted in.
    pub currency: &'static str,
    /// How often a model was asked.
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
