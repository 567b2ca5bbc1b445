//! The time limit of a step.

use super::Refusal;

/// The time limit of an attempt of a step. 1 to 3600 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit(i32);

impl TimeLimit {
    pub(crate) fn parse(seconds: i32) -> Result<Self, Refusal> {
        (1..=3600).contains(&seconds).then_some(Self(seconds)).ok_or("must be between 1 and 3600")
    }

    pub(crate) fn seconds(self) -> i32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_at_most_an_hour() {
        for (seconds, good) in [(0, false), (1, true), (3600, true), (3601, false), (-1, false)] {
            assert_eq!(TimeLimit::parse(seconds).is_ok(), good, "{seconds}");
        }
    }
}
