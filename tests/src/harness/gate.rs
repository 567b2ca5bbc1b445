//! A relay to a server on loopback that can be closed, as if the server was gone.

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Relays connections until it is dropped.
pub struct Gate {
    /// `127.0.0.1:port`
    pub address: String,
    open: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Gate {
    /// Relays to this address.
    pub async fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address").to_string();
        let open = watch::Sender::new(true);
        let task = tokio::spawn(serve(listener, address.to_owned(), open.clone()));
        Self { address: own, open, task }
    }

    /// Ends all connections, and those to come at once.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Relays again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, address: String, open: watch::Sender<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(relay(client, address.clone(), open.subscribe()));
    }
}

async fn relay(mut client: TcpStream, address: String, mut open: watch::Receiver<bool>) {
    if !*open.borrow_and_update() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(address).await else { return };
    tokio::select! {
        // An error is the end of a connection, as it is for its client.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = open.wait_for(|open| !open) => {}
    }
}
