//! Slows down whoever guesses passwords: by account and address, by address, and by account for addresses that the
//! account does not know.
//!
//! A guess is counted as a failure before its password is hashed, so that guesses at the same time count too, and taken
//! back if it was right. Nobody can lock an owner out: failures of other addresses do not count at an address where the
//! owner has signed in.

mod counters;
mod rule;

use std::{net::IpAddr, time::Duration};

use sha2::{Digest as _, Sha256};
use triptych_stores::{
    access::{Origin, counted_address},
    clock::Clock,
    connections::Stores,
    error::RateLimited,
};

use counters::Counters;
pub(super) use rule::{INVITATIONS, MAILS, RESETS, Rule, SIGN_INS, SIGN_UPS};

/// Addresses of an account that are known; the latest ones.
const KNOWN: isize = 10;
/// Time for which an address is known after a sign-in.
const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);

/// The counters of guesses.
#[derive(Clone)]
pub(super) struct Guesses {
    stores: Stores,
    clock: Clock,
    counters: Counters,
}

/// A guess that counts as a failure until it is [right](Guesses::right).
#[must_use = "a guess counts as a failure until it is right"]
pub(super) struct Guess {
    account: String,
    address: String,
    stranger: bool,
}

impl Guesses {
    pub(super) fn new(stores: Stores, clock: Clock) -> Self {
        let counters = Counters::new(stores.clone(), clock.clone());
        Self { stores, clock, counters }
    }

    /// Counts a guess at the password of an account, whether or not the account exists.
    ///
    /// # Errors
    /// If guesses have to wait. This one is not counted then.
    pub(super) async fn begin(&self, email: &str, origin: &Origin) -> Result<Guess, RateLimited> {
        let account = hex::encode(Sha256::digest(email.trim().to_lowercase()));
        let address = counted(origin).to_string();
        let stranger = !self.is_known(&account, &address).await;
        let guess = Guess { account, address, stranger };
        // The narrowest first: what it refuses does not count for others.
        self.take(&rule::PAIR, &guess.pair()).await?;
        if let Err(refused) = self.take(&rule::ADDRESS, &guess.address).await {
            self.counters.forgive(&rule::PAIR, &guess.pair()).await;
            return Err(refused);
        }
        if stranger && let Err(refused) = self.take(&rule::STRANGERS, &guess.account).await {
            self.counters.forgive(&rule::PAIR, &guess.pair()).await;
            self.counters.forgive(&rule::ADDRESS, &guess.address).await;
            return Err(refused);
        }
        Ok(guess)
    }

    /// Takes a guess back that was right, and knows its address from now on.
    pub(super) async fn right(&self, guess: Guess) {
        self.counters.clear(&rule::PAIR, &guess.pair()).await;
        self.counters.forgive(&rule::ADDRESS, &guess.address).await;
        if guess.stranger {
            self.counters.forgive(&rule::STRANGERS, &guess.account).await;
        }
        let key = self.known(&guess.account);
        let mut pipeline = redis::pipe();
        pipeline.atomic().zadd(&key, &guess.address, self.clock.now().timestamp()).ignore();
        pipeline.zremrangebyrank(&key, 0, -KNOWN - 1).ignore();
        pipeline.expire(&key, i64::try_from(KNOWN_FOR.as_secs()).unwrap_or(i64::MAX)).ignore();
        self.counters.within_patience(pipeline.exec_async(&mut self.stores.cache.clone())).await;
    }

    /// Takes a guess back that was not answered, because the server had too much to do.
    pub(super) async fn unanswered(&self, guess: Guess) {
        self.counters.forgive(&rule::PAIR, &guess.pair()).await;
        self.counters.forgive(&rule::ADDRESS, &guess.address).await;
        if guess.stranger {
            self.counters.forgive(&rule::STRANGERS, &guess.account).await;
        }
    }

    /// Counts something that an address does, such as signing up.
    ///
    /// # Errors
    /// If the address has to wait.
    pub(super) async fn count(&self, rule: &Rule, subject: &str) -> Result<(), RateLimited> {
        self.take(rule, subject).await
    }

    async fn take(&self, rule: &Rule, subject: &str) -> Result<(), RateLimited> {
        let taken = self.counters.take(rule, subject).await;
        taken.map_err(|seconds| RateLimited::new("there were too many attempts", seconds))
    }

    async fn is_known(&self, account: &str, address: &str) -> bool {
        let mut command = redis::cmd("ZSCORE");
        command.arg(self.known(account)).arg(address);
        let mut connection = self.stores.cache.clone();
        let answer = command.query_async::<Option<f64>>(&mut connection);
        self.counters.within_patience(answer).await.flatten().is_some()
    }

    fn known(&self, account: &str) -> String {
        self.stores.key(&format!("guesses:known:{account}"))
    }
}

impl Guess {
    fn pair(&self) -> String {
        format!("{}:{}", self.account, self.address)
    }
}

/// The address by which a client is counted. Clients without one are counted together.
pub(super) fn counted(origin: &Origin) -> IpAddr {
    counted_address(origin.address.unwrap_or(IpAddr::from([0, 0, 0, 0])))
}
