//! Use of the machine by tests. Tests share it, except those that measure how long the server takes to answer.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::{Arc, LazyLock},
};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

static MACHINE: LazyLock<Arc<RwLock<()>>> = LazyLock::new(Arc::default);

thread_local! {
    /// What the test on this thread holds.
    static HELD: RefCell<Weak<Guard>> = const { RefCell::new(Weak::new()) };
}

#[expect(dead_code, reason = "held, not read")]
enum Guard {
    Shared(OwnedRwLockReadGuard<()>),
    Alone(OwnedRwLockWriteGuard<()>),
}

/// The use of the machine, shared or exclusive, for as long as it exists.
pub struct Machine(#[expect(dead_code, reason = "held, not read")] Rc<Guard>);

/// Waits until no test has the machine for itself. A test that uses the machine already does not wait again, as it would
/// wait for one that waits for it.
pub async fn share() -> Machine {
    if let Some(held) = HELD.with_borrow(Weak::upgrade) {
        return Machine(held);
    }
    hold(Guard::Shared(MACHINE.clone().read_owned().await))
}

/// Waits until no other test uses the machine. The test must not use it yet.
pub async fn alone() -> Machine {
    hold(Guard::Alone(MACHINE.clone().write_owned().await))
}

fn hold(guard: Guard) -> Machine {
    let held = Rc::new(guard);
    HELD.set(Rc::downgrade(&held));
    Machine(held)
}
