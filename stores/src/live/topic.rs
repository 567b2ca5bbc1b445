//! The names of streams, and positions in them.

use std::{fmt, str::FromStr};

/// The name of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic(String);

impl Topic {
    /// The stream of the subject with this id. A subject with several streams adds a name to the id.
    pub fn of(id: impl fmt::Display) -> Self {
        // The braces are a Redis Cluster hash tag: a topic's stream and its channel live on one node.
        Self(format!("{{{id}}}"))
    }

    /// The id of the subject.
    pub(super) fn subject(&self) -> &str {
        self.0.trim_matches(['{', '}'])
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A position in a stream, written `epoch-seq`. It is also the cursor that clients hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub epoch: i64,
    pub seq: i64,
}

impl Position {
    /// The position before all streams: that of a subscriber who was up to date before the stream existed.
    pub const ORIGIN: Self = Self { epoch: 0, seq: 0 };

    /// Whether `next` is the next position of the same epoch, or of the first stream after [`Position::ORIGIN`].
    #[must_use]
    pub fn precedes(self, next: Self) -> bool {
        next.seq == self.seq + 1 && (next.epoch == self.epoch || self == Self::ORIGIN)
    }

    /// The position before this one in the same epoch.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { seq: self.seq - 1, ..self }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

/// The error for a string that is not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position of a stream")]
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

/// One entry of a stream: its position and its payload, JSON as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub position: Position,
    pub payload: String,
}
