//! The thread that starts engines. The kernel sends the parent-death signal when the *thread* that started the child
//! ends, and threads of the runtime may end before the process. This one does not.

use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::sync::oneshot;

type Reply = oneshot::Sender<std::io::Result<Child>>;

static SPAWNER: OnceLock<Sender<(Command, Reply)>> = OnceLock::new();

/// Starts the command on the thread that lives as long as the process.
pub(super) async fn spawn(command: Command) -> std::io::Result<Child> {
    let (reply, started) = oneshot::channel();
    let gone = || std::io::Error::other("the thread that starts the engines is not running");
    SPAWNER.get_or_init(start_thread).send((command, reply)).map_err(|_| gone())?;
    started.await.map_err(|_| gone())?
}

fn start_thread() -> Sender<(Command, Reply)> {
    let (sender, receiver) = channel::<(Command, Reply)>();
    // The sender is in a static, so the loop never ends. If the thread cannot be started, every send fails.
    let started = std::thread::Builder::new().name("engines".to_owned()).spawn(move || {
        for (mut command, reply) in receiver {
            if let Err(Ok(mut orphan)) = reply.send(command.spawn()) {
                // The caller stopped waiting, so nobody else would end this child.
                let _ = orphan.kill();
                let _ = orphan.wait();
            }
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "starting the thread that starts the engines failed");
    }
    sender
}
