//! The output of a step in an event.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::ExecutionStepId;

/// The largest output that an event contains, in bytes of JSON.
pub const INLINE_LIMIT: usize = 16 * 1024;

/// The output of a step, or a reference to it. Streams contain only small outputs, as PostgreSQL has all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutput {
    /// The output; `None` if the step failed.
    Inline(Option<Value>),
    /// The stored output of this step.
    Stored(ExecutionStepId),
}

impl StepOutput {
    /// The output itself if it is small, else the reference.
    #[must_use]
    pub fn of(step: ExecutionStepId, output: Option<&Value>) -> Self {
        match output {
            Some(output) if !is_small(output) => Self::Stored(step),
            output => Self::Inline(output.cloned()),
        }
    }
}

/// Writes no more than the limit to find out.
fn is_small(output: &Value) -> bool {
    struct Room(usize);
    impl Write for Room {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Room(INLINE_LIMIT), output).is_ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_output_over_the_limit_is_a_reference() {
        let step = ExecutionStepId(Uuid::nil());
        let small = Value::String("a".repeat(INLINE_LIMIT - 2));
        assert_eq!(StepOutput::of(step, Some(&small)), StepOutput::Inline(Some(small)));
        let large = Value::String("a".repeat(INLINE_LIMIT - 1));
        assert_eq!(StepOutput::of(step, Some(&large)), StepOutput::Stored(step));
        assert_eq!(StepOutput::of(step, None), StepOutput::Inline(None));
    }
}
