//! The names of streams, and the places in them.

use std::{fmt, str::FromStr};

use triptych_entities::ids::{ExecutionId, GenerationId};

/// One stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    Execution(ExecutionId),
    Generation(GenerationId),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The braces are a Redis Cluster hash tag: a topic's stream and its channel live on one node.
        match self {
            Self::Execution(id) => write!(f, "{{{id}}}"),
            Self::Generation(id) => write!(f, "{{{id}}}"),
        }
    }
}

/// A place in a stream. Also the cursor that clients hold, spelt `epoch-seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position {
    pub epoch: i64,
    pub seq: i64,
}

impl Position {
    /// Whether nothing can stand between this and `next`.
    #[must_use]
    pub fn is_followed_by(self, next: Self) -> bool {
        if self.epoch == next.epoch {
            next.seq == self.seq + 1
        } else {
            next.epoch > self.epoch && next.seq == 1
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

/// A string that is not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this stream")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (epoch, seq) = text.split_once('-').ok_or(NotAPosition)?;
        let number = |digits: &str| {
            digits
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| digits.parse().ok())
                .flatten()
                .ok_or(NotAPosition)
        };
        Ok(Self { epoch: number(epoch)?, seq: number(seq)? })
    }
}

/// One entry of a stream: its place and its payload, JSON as the writer gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub position: Position,
    pub payload: String,
}
