//! Prices of tokens.

use serde::{Deserialize, Serialize};
use triptych_entities::documents::conversations::generation::Usage;

/// Prices of a model, in millionths of a unit of the currency per million tokens: 3 dollars per million are 3000000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    pub input: i64,
    pub output: i64,
    /// For input that the provider has cached. Defaults to the price of input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<i64>,
}

impl Price {
    /// Calculates the cost of a usage. Cached tokens are included in the input, reasoning tokens in the output.
    #[must_use]
    pub fn of(&self, usage: &Usage) -> i64 {
        let cached = usage.cached_input_tokens.clamp(0, usage.input_tokens.max(0));
        let sum = i128::from(usage.input_tokens - cached) * i128::from(self.input)
            + i128::from(cached) * i128::from(self.cached_input.unwrap_or(self.input))
            + i128::from(usage.output_tokens) * i128::from(self.output);
        i64::try_from((sum + 500_000) / 1_000_000).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_input_is_charged_at_its_own_price() {
        let price = Price { input: 3_000_000, output: 15_000_000, cached_input: Some(300_000) };
        let usage =
            Usage { input_tokens: 1_000, cached_input_tokens: 400, output_tokens: 100, ..Usage::default() };
        assert_eq!(price.of(&usage), 600 * 3 + 120 + 100 * 15);
    }
}
