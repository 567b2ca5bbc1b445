//! The back-off of a counter: some failures are free, and each further one doubles the time until the next attempt.

use std::time::Duration;

/// How a counter of failures delays the next attempt.
#[derive(Debug, Clone, Copy)]
pub(in crate::identity) struct Rule {
    /// The first part of the keys of its counters.
    pub(super) name: &'static str,
    /// Failures before the first delay.
    pub(super) free: u32,
    /// The first delay.
    pub(super) base: Duration,
    /// The longest delay.
    pub(super) longest: Duration,
    /// The time after which one failure is forgotten.
    pub(super) decay: Duration,
}

/// Guesses at one account from one address, the narrowest counter.
pub(super) const PAIR: Rule = Rule {
    name: "pair",
    free: 5,
    base: Duration::from_secs(1),
    longest: Duration::from_mins(15),
    decay: Duration::from_hours(1),
};

/// Guesses from one address at any account. Offices share an address.
pub(super) const ADDRESS: Rule = Rule {
    name: "address",
    free: 30,
    base: Duration::from_secs(1),
    longest: Duration::from_mins(5),
    decay: Duration::from_mins(1),
};

/// Guesses at one account from addresses where its owner has not signed in. Its delays are short: one address cannot use
/// it up, and its owner, at a new address, waits for at most a minute while many addresses guess.
pub(super) const STRANGERS: Rule = Rule {
    name: "strangers",
    free: 30,
    base: Duration::from_secs(1),
    longest: Duration::from_mins(1),
    decay: Duration::from_mins(2),
};

/// Accounts that one address creates. All count, not only failures.
pub(in crate::identity) const SIGN_UPS: Rule = Rule {
    name: "sign-ups",
    free: 30,
    base: Duration::from_secs(30),
    longest: Duration::from_mins(15),
    decay: Duration::from_mins(2),
};

/// Sessions that one user starts. All count, as each is a row of the audit log.
pub(in crate::identity) const SIGN_INS: Rule = Rule {
    name: "sign-ins",
    free: 100,
    base: Duration::from_secs(1),
    longest: Duration::from_mins(1),
    decay: Duration::from_secs(30),
};

/// Invitations of one organization. All count, as each may be a mail to a stranger.
pub(in crate::identity) const INVITATIONS: Rule = Rule {
    name: "invitations",
    free: 100,
    base: Duration::from_secs(10),
    longest: Duration::from_mins(10),
    decay: Duration::from_mins(2),
};

/// Mails to one recipient who has not asked for them in a session. All count.
pub(in crate::identity) const MAILS: Rule = Rule {
    name: "mails",
    free: 5,
    base: Duration::from_mins(1),
    longest: Duration::from_hours(1),
    decay: Duration::from_mins(10),
};

/// Other passwords that one address asks for. All count.
pub(in crate::identity) const RESETS: Rule = Rule {
    name: "resets",
    free: 30,
    base: Duration::from_secs(30),
    longest: Duration::from_mins(15),
    decay: Duration::from_mins(2),
};

/// The state of a counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Count {
    /// Failures, of which a part may be forgotten.
    pub(super) failures: f64,
    /// The time of the last attempt, in milliseconds.
    pub(super) at: f64,
}

impl Rule {
    /// Counts an attempt as failed.
    ///
    /// # Errors
    /// The milliseconds until the next attempt, which is not counted then.
    pub(super) fn take(&self, count: Option<Count>, now: f64) -> Result<Count, f64> {
        let count = count.unwrap_or(Count { failures: 0.0, at: now });
        let passed = (now - count.at).max(0.0);
        let failures = (count.failures - passed / millis(self.decay)).max(0.0);
        // A failure counts until all of it is forgotten.
        let beyond = failures.ceil() - f64::from(self.free);
        if beyond >= 0.0 {
            let delay = (millis(self.base) * beyond.min(30.0).exp2()).min(millis(self.longest));
            if passed < delay {
                return Err(delay - passed);
            }
        }
        Ok(Count { failures: failures + 1.0, at: now })
    }
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        name: "test",
        free: 2,
        base: Duration::from_secs(1),
        longest: Duration::from_secs(4),
        decay: Duration::from_mins(1),
    };

    /// The waiting times of attempts that come as early as they may.
    fn waits(count: usize) -> Vec<f64> {
        let (mut state, mut now) = (None, 0.0);
        let attempt = |_| {
            let waited = RULE.take(state, now).err().unwrap_or_default();
            now += waited;
            state = Some(RULE.take(state, now).unwrap());
            waited.round()
        };
        (0..count).map(attempt).collect()
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_delay() {
        assert_eq!(waits(7), [0.0, 0.0, 1000.0, 2000.0, 4000.0, 4000.0, 4000.0]);
    }

    #[test]
    fn failures_are_forgotten_with_time() {
        let count = Count { failures: 10.0, at: 0.0 };
        assert!(RULE.take(Some(count), 3999.0).is_err());
        assert!(RULE.take(Some(count), 4000.0).is_ok());
        let later = RULE.take(Some(count), 9.0 * 60_000.0).unwrap();
        assert!((later.failures - 2.0).abs() < 0.001);
    }

    #[test]
    fn a_clock_that_goes_back_lengthens_no_delay() {
        let count = Count { failures: 10.0, at: 60_000.0 };
        assert_eq!(RULE.take(Some(count), 0.0), Err(4000.0));
    }
}
