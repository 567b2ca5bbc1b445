//! A relay between a server and PostgreSQL that records the statements that are executed.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use sea_orm::sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinHandle,
};

/// The statements that have been executed, by their SQL.
type Executed = Arc<Mutex<Vec<String>>>;

/// Relays connections until it is dropped.
pub(super) struct Wire {
    /// The URL of the database by way of the relay.
    pub(super) url: String,
    executed: Executed,
    task: JoinHandle<()>,
}

impl Wire {
    /// Relays to the database with this URL, whose server listens on a Unix socket.
    pub(super) async fn to(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().expect("a URL");
        let folder = options.get_socket().expect("the folder of a socket").clone();
        let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let database = options.get_database().expect("a database");
        let user = options.get_username();
        let executed = Executed::default();
        let task = tokio::spawn(serve(listener, socket, executed.clone()));
        Self { url: format!("postgres://{user}@{address}/{database}?sslmode=disable"), executed, task }
    }

    /// The statements since the last call. Those of transactions and of the outbox's relay, which polls at its own
    /// times, are left out.
    pub(super) fn take(&self) -> Vec<String> {
        let mut executed = std::mem::take(&mut *self.executed.lock().expect("no panic"));
        executed.retain(|sql| {
            !sql.contains("outbox") && !["BEGIN", "COMMIT", "ROLLBACK"].contains(&sql.as_str())
        });
        executed
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, socket: PathBuf, executed: Executed) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let server = UnixStream::connect(&socket).await.expect("PostgreSQL listens");
        tokio::spawn(relay(client, server, executed.clone()));
    }
}

/// Relays one connection. Ends with an error when either side closes it.
async fn relay(client: TcpStream, server: UnixStream, executed: Executed) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (mut requests, mut to_client) = client.into_split();
    let (mut answers, mut to_server) = server.into_split();
    tokio::try_join!(record(&mut requests, &mut to_server, &executed), async {
        tokio::io::copy(&mut answers, &mut to_client).await
    })?;
    Ok(())
}

async fn record(
    client: &mut (impl AsyncRead + Unpin),
    server: &mut (impl AsyncWrite + Unpin),
    executed: &Executed,
) -> io::Result<()> {
    // The first message has no tag.
    let length = client.read_u32().await?;
    let startup = body(client, length).await?;
    server.write_u32(length).await?;
    server.write_all(&startup).await?;
    let mut prepared = HashMap::new();
    loop {
        let tag = client.read_u8().await?;
        let length = client.read_u32().await?;
        let body = body(client, length).await?;
        let mut texts = body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        let mut text = || texts.next().unwrap_or_default();
        let sql = match tag {
            b'P' => {
                prepared.insert(text(), text());
                None
            }
            b'B' => {
                let _portal = text();
                prepared.get(&text()).cloned()
            }
            b'Q' => Some(text()),
            _ => None,
        };
        executed.lock().expect("no panic").extend(sql);
        server.write_u8(tag).await?;
        server.write_u32(length).await?;
        server.write_all(&body).await?;
    }
}

/// What follows a length, which counts itself.
async fn body(client: &mut (impl AsyncRead + Unpin), length: u32) -> io::Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(length).expect("a length").saturating_sub(4)];
    client.read_exact(&mut body).await?;
    Ok(body)
}
