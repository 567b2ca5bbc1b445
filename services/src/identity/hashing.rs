//! Hashes passwords with Argon2id. A hash takes tens of milliseconds and 19 MiB, so it has a thread of its own, of which
//! there are as many as processors, and a short queue before them.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use triptych_stores::error::{RateLimited, Result, ServiceError};

/// Hashes that are computed or wait, in one process.
const PLACES: usize = 64;
/// Hashes of one address that are computed or wait. The others are left to other addresses.
const PLACES_OF_ADDRESS: usize = 16;

/// The threads and the queue before them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Hashing(Arc<Parts>);

struct Parts {
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    computed: AtomicU64,
}

/// A place of an address, which is free again when it is dropped.
struct Place {
    address: IpAddr,
    hashing: Hashing,
    _permit: OwnedSemaphorePermit,
}

impl Hashing {
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Parts {
            places: Arc::new(Semaphore::new(PLACES)),
            threads: Arc::new(Semaphore::new(processors)),
            addresses: Mutex::default(),
            computed: AtomicU64::new(0),
        }))
    }

    /// The number of hashes that this process has computed.
    pub(super) fn computed(&self) -> u64 {
        self.0.computed.load(Ordering::Relaxed)
    }

    /// Hashes a password into a PHC string.
    ///
    /// # Errors
    /// `RateLimited` if too many hashes wait.
    pub(super) async fn hash(
        &self,
        address: IpAddr,
        password: SecretString,
        salt: [u8; 16],
    ) -> Result<String> {
        let work = move || {
            let hash = Argon2::default().hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| ServiceError::Internal(error.to_string()))
        };
        self.run(address, work).await?
    }

    /// Verifies a password against its hash.
    ///
    /// # Errors
    /// `RateLimited` if too many hashes wait.
    pub(super) async fn verify(&self, address: IpAddr, password: SecretString, phc: String) -> Result<bool> {
        let work = move || {
            let hash = PasswordHash::new(&phc).map_err(|error| ServiceError::Internal(error.to_string()))?;
            Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        };
        self.run(address, work).await?
    }

    /// Runs the work on a thread of its own. Work whose caller has left while it waited is not begun.
    async fn run<T: Send + 'static>(
        &self,
        address: IpAddr,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let place =
            self.enter(address).ok_or_else(|| RateLimited::new("too many passwords are being checked", 1))?;
        let closed = |error: tokio::sync::AcquireError| ServiceError::Internal(error.to_string());
        let permit = self.0.threads.clone().acquire_owned().await.map_err(closed)?;
        self.0.computed.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        let thread = std::thread::Builder::new().name("password".to_owned());
        let spawned = thread.spawn(move || {
            let outcome = work();
            drop((permit, place));
            // Without a receiver, nobody waits for the outcome any more.
            let _ = sender.send(outcome);
        });
        spawned.map_err(|error| ServiceError::Internal(format!("no thread for a password: {error}")))?;
        receiver.await.map_err(|_| ServiceError::Internal("the hash of a password panicked".to_owned()))
    }

    fn enter(&self, address: IpAddr) -> Option<Place> {
        let permit = self.0.places.clone().try_acquire_owned().ok()?;
        let mut addresses = self.0.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = addresses.entry(address).or_default();
        if *count >= PLACES_OF_ADDRESS {
            return None;
        }
        *count += 1;
        drop(addresses);
        Some(Place { address, hashing: self.clone(), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut addresses = self.hashing.0.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_address_leaves_places_for_others_and_all_places_are_bounded() {
        let hashing = Hashing::new();
        let of = |last| std::iter::from_fn(|| hashing.enter(address(last))).collect::<Vec<_>>();
        let first = of(1);
        assert_eq!(first.len(), PLACES_OF_ADDRESS);
        let others: usize = (2..10).map(|last| std::mem::ManuallyDrop::new(of(last)).len()).sum();
        assert_eq!(first.len() + others, PLACES);
        drop(first);
        assert_eq!(of(1).len(), PLACES_OF_ADDRESS);
    }

    #[tokio::test]
    async fn a_hash_is_verified_and_work_that_panics_frees_its_place() {
        let hashing = Hashing::new();
        let secret = |text: &str| SecretString::from(text.to_owned());
        let hash = hashing.hash(address(1), secret("right"), [7; 16]).await.unwrap();
        assert!(hashing.verify(address(1), secret("right"), hash.clone()).await.unwrap());
        assert!(!hashing.verify(address(1), secret("wrong"), hash).await.unwrap());
        assert_eq!(hashing.computed(), 3);
        let panicked = hashing.run::<()>(address(1), || panic!("on purpose")).await;
        assert!(panicked.is_err());
        assert_eq!(hashing.0.places.available_permits(), PLACES);
        assert!(hashing.0.addresses.lock().unwrap().is_empty());
    }
}
