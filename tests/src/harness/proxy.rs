//! A proxy before a database, whose connections can stop to answer.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use sea_orm::sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
};

/// Where the proxy connects to.
#[derive(Clone)]
enum Target {
    Tcp(String),
    Unix(PathBuf),
}

/// Which connections are stalled.
#[derive(Clone, Copy, Default)]
struct Stalled {
    /// Those with a lower number.
    below: usize,
    /// Of these, only those on which Redis was asked to wait for a job.
    waiting: bool,
}

/// Relays connections until it is dropped.
pub struct Proxy {
    /// The URL of the database through the proxy.
    pub url: String,
    stalled: watch::Sender<Stalled>,
    opened: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy before the PostgreSQL of a URL.
    pub async fn postgres(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().expect("a URL");
        let port = options.get_port();
        let target = match options.get_socket() {
            Some(folder) => Target::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            None => Target::Tcp(format!("{}:{port}", options.get_host())),
        };
        let database = options.get_database().expect("a database").to_owned();
        let user = options.get_username().to_owned();
        Self::start(target, |address| format!("postgres://{user}@{address}/{database}?sslmode=disable")).await
    }

    /// A proxy before the Redis of a URL.
    pub async fn redis(url: &str) -> Self {
        let client = redis::Client::open(url).expect("a URL");
        let address = client.get_connection_info().addr().to_string();
        let through = |proxy: std::net::SocketAddr| url.replace(&address, &proxy.to_string());
        Self::start(Target::Tcp(address.clone()), through).await
    }

    async fn start(target: Target, url: impl Fn(std::net::SocketAddr) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = url(listener.local_addr().expect("an address"));
        let (stalled, opened) = (watch::Sender::new(Stalled::default()), Arc::<AtomicUsize>::default());
        let task = tokio::spawn(serve(listener, target, stalled.subscribe(), opened.clone()));
        Self { url, stalled, opened, task }
    }

    /// From now on, nothing passes through the connections that are open. New ones are not affected.
    pub fn stall(&self) {
        self.stalled.send_replace(Stalled { below: self.opened(), waiting: false });
    }

    /// The same, for the connections on which workers wait for jobs.
    pub fn stall_waiting(&self) {
        self.stalled.send_replace(Stalled { below: self.opened(), waiting: true });
    }

    /// The number of connections that were ever opened.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    target: Target,
    stalled: watch::Receiver<Stalled>,
    opened: Arc<AtomicUsize>,
) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let number = opened.fetch_add(1, Ordering::SeqCst);
        let (target, stalled) = (target.clone(), stalled.clone());
        tokio::spawn(async move {
            client.set_nodelay(true).expect("a socket");
            match target {
                Target::Tcp(address) => {
                    let server = TcpStream::connect(address).await.expect("the database listens");
                    server.set_nodelay(true).expect("a socket");
                    relay(client, server, number, stalled).await;
                }
                Target::Unix(path) => {
                    let server = UnixStream::connect(path).await.expect("the database listens");
                    relay(client, server, number, stalled).await;
                }
            }
        });
    }
}

async fn relay(
    mut client: TcpStream,
    mut server: impl AsyncRead + AsyncWrite + Unpin,
    number: usize,
    mut stalled: watch::Receiver<Stalled>,
) {
    let waits = AtomicBool::new(false);
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = tokio::io::split(&mut server);
    tokio::select! {
        // Ends when either side closes the connection.
        _ = requests(&mut from_client, &mut to_server, &waits) => return,
        _ = tokio::io::copy(&mut from_server, &mut to_client) => return,
        _ = stalled.wait_for(|stalled| {
            number < stalled.below && (!stalled.waiting || waits.load(Ordering::SeqCst))
        }) => {}
    }
    // Both sides stay open until the proxy ends.
    while stalled.changed().await.is_ok() {}
}

/// Relays requests, and notes whether one waits for a job.
async fn requests(
    client: &mut (impl AsyncRead + Unpin),
    server: &mut (impl AsyncWrite + Unpin),
    waits: &AtomicBool,
) -> io::Result<()> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let count = client.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        if bytes[..count].windows(8).any(|word| word == b"BZPOPMIN") {
            waits.store(true, Ordering::SeqCst);
        }
        server.write_all(&bytes[..count]).await?;
    }
}
