//! The built-in demo model: deterministic, without network or key. Each response states that it is from a demo.
//!
//! Words in the last message control the response: `think` or `reason` adds reasoning; `tool` or `calculate 2+3` adds a
//! tool call; `cite` or `source` adds a citation; `300 words` sets the length; `rate:200` sets the words per second, 0
//! for no delay; `fail:5` fails after five words.

mod directives;
mod example;
mod script;

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::{CompletionRequest, Model, ModelStream};
use script::Line;

/// The configuration of the demo model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// Words per second; 0 for no delay.
    pub tokens_per_second: u32,
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self { tokens_per_second: 50 }
    }
}

/// The model `demo/echo`.
#[derive(Debug)]
pub struct Demo {
    config: DemoConfig,
}

impl Demo {
    #[must_use]
    pub fn new(config: DemoConfig) -> Self {
        Self { config }
    }
}

impl Model for Demo {
    fn stream(&self, request: CompletionRequest) -> ModelStream {
        let script = script::write(&request);
        let rate = script.rate.unwrap_or(self.config.tokens_per_second);
        // The time of each line is relative to the start, so that delays do not accumulate.
        let start = Instant::now();
        let said = stream::iter(script.lines).enumerate().then(move |(n, line)| async move {
            if rate == 0 {
                if n % 64 == 0 {
                    tokio::task::yield_now().await;
                }
            } else if matches!(line, Line::Word(_)) {
                let words = u32::try_from(n).unwrap_or(u32::MAX);
                tokio::time::sleep_until(start + Duration::from_secs(1) * words / rate).await;
            }
            line.into_event()
        });
        said.boxed()
    }
}
