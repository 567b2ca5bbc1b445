//! The built-in demo model: deterministic, without network or key, and honest about being a demo.
//!
//! It looks for a few words in the last message. `think` or `reason` make it reason first; `tool` or `calculate
//! 2+3` make it call a tool; `cite` or `source` make it cite; `300 words` make it write so many; `rate:200` sets
//! the words a second, 0 for as fast as possible; `fail:5` breaks the answer off after five words.

mod directives;
mod example;
mod script;

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::{Ask, Model, ModelStream};
use script::Line;

/// How the demo behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// Words a second; 0 for as fast as possible.
    pub tokens_per_second: u32,
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self { tokens_per_second: 50 }
    }
}

/// Answers `demo/echo`.
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
    fn stream(&self, ask: Ask) -> ModelStream {
        let script = script::write(&ask);
        let rate = script.rate.unwrap_or(self.config.tokens_per_second);
        // Each line has its own moment, counted from the start, so that delays do not add up.
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
