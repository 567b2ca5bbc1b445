//! What the owner of an e-mail address proves with the token of a mail: that a new account is theirs, and that they may
//! set another password. Whoever asks for a mail learns nothing about the address.

mod reset;
mod sign_up;
mod token;

use std::time::Duration;

/// Time after which the token of a mail expires.
const LIFE: Duration = Duration::from_hours(2);
