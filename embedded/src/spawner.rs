//! The thread that starts engines. The kernel's parent-death signal is sent when the *thread* that started the
//! child ends, not the process. Runtime threads come and go; this one lives as long as the process.

use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::sync::oneshot;

type Reply = oneshot::Sender<std::io::Result<Child>>;

static SPAWNER: OnceLock<Sender<(Command, Reply)>> = OnceLock::new();

/// Starts the command from the thread that lives as long as this process.
pub(super) async fn spawn(command: Command) -> std::io::Result<Child> {
    let (reply, started) = oneshot::channel();
    let gone = || std::io::Error::other("the thread that starts the engines has ended");
    SPAWNER.get_or_init(start_thread).send((command, reply)).map_err(|_| gone())?;
    started.await.map_err(|_| gone())?
}

fn start_thread() -> Sender<(Command, Reply)> {
    let (sender, receiver) = channel::<(Command, Reply)>();
    // The sender lives in a static, so the loop never ends. Should the thread not start, every send fails and
    // says so.
    let started = std::thread::Builder::new().name("engines".to_owned()).spawn(move || {
        for (mut command, reply) in receiver {
            if let Err(Ok(mut orphan)) = reply.send(command.spawn()) {
                // Whoever asked has gone (its start timed out): nobody would ever end this child.
                let _ = orphan.kill();
                let _ = orphan.wait();
            }
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "could not start the thread that starts the engines");
    }
    sender
}
