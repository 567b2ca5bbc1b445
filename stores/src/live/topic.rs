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

/// The error for a string that is not a position or a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position of a stream")]
pub struct NotAPosition;

/// How far a reader has read: the position of an entry, written `epoch-seq`. In a stream with several writers also a
/// checksum of the entry, written `epoch-seq-checksum`: Redis may lose the end of a stream, as when a replica takes over,
/// and then another entry gets the same position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub position: Position,
    pub checksum: Option<u32>,
}

impl Cursor {
    /// Whether the entry after it is the next one of the stream.
    pub(super) fn precedes(self, next: Position) -> bool {
        self.position.precedes(next)
    }

    /// Without the checksum of its entry.
    pub(super) fn unchecked(self) -> Self {
        Self { checksum: None, ..self }
    }
}

impl From<Position> for Cursor {
    fn from(position: Position) -> Self {
        Self { position, checksum: None }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.checksum {
            Some(checksum) => write!(f, "{}-{checksum:08x}", self.position),
            None => self.position.fmt(f),
        }
    }
}

impl FromStr for Cursor {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let Some((position, checksum)) = text.rsplit_once('-').filter(|(before, _)| before.contains('-'))
        else {
            return Ok(text.parse::<Position>()?.into());
        };
        if checksum.len() != 8 || !checksum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAPosition);
        }
        let checksum = u32::from_str_radix(checksum, 16).map_err(|_| NotAPosition)?;
        Ok(Self { position: position.parse()?, checksum: Some(checksum) })
    }
}

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

impl Entry {
    /// The cursor after this entry. `checked` in a stream with several writers.
    pub(super) fn cursor(&self, checked: bool) -> Cursor {
        Cursor { position: self.position, checksum: checked.then(|| checksum(self.payload.as_bytes())) }
    }
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_unchanged_as_text() {
        let position = Position { epoch: 1_767_258_000_000, seq: 3 };
        let entry = Entry { position, payload: "a".to_owned() };
        let (checked, plain) = (entry.cursor(true), entry.cursor(false));
        assert_eq!(checked.to_string(), "1767258000000-3-e40c292c");
        assert_eq!(plain.to_string(), "1767258000000-3");
        for cursor in [checked, plain] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for other in
            ["", "1", "1-", "1-2-", "1-2-3", "-1-2", "1-2-e40c292c-1", "1-2-+40c292c", "a-2-e40c292c"]
        {
            assert!(other.parse::<Cursor>().is_err(), "{other}");
        }
    }
}
