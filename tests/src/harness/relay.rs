//! A relay in front of a database, which can be cut, so that the database is away for one server alone.

use std::sync::Arc;

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A relay to a server on this machine.
pub struct Relay {
    /// The address of the relay.
    pub address: String,
    open: Arc<watch::Sender<bool>>,
}

impl Relay {
    /// Starts a relay to an address. It ends with the test.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (open, target) = (Arc::new(watch::Sender::new(true)), target.to_owned());
        let watched = open.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, mut open) = (target.clone(), watched.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = open.wait_for(|open| !open) => {}
                        _ = forward(client, &target) => {}
                    }
                });
            }
        });
        Self { address, open }
    }

    /// Closes all connections, and each further one at once.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Serves connections again.
    pub fn restore(&self) {
        self.open.send_replace(true);
    }
}

async fn forward(mut client: TcpStream, target: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}
