//! Answers connections for which there is no room.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
};

/// Connections that are answered at the same time. Further ones are closed without an answer.
const ANSWERING: usize = 64;
/// Time limit of answering one.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

const BODY: &str = r#"{"errors":[{"message":"the server has no room for another connection; try again","extensions":{"code":"UNAVAILABLE"}}]}"#;

/// Answers 503 with `Retry-After`.
pub(super) struct Overflow(Arc<Semaphore>);

impl Default for Overflow {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ANSWERING)))
    }
}

impl Overflow {
    /// `None` if too many are being answered; the connection is closed then.
    pub(super) fn answer(&self, stream: TcpStream) -> Option<impl Future<Output = ()> + Send + 'static> {
        let permit = self.0.clone().try_acquire_owned().ok()?;
        Some(async move {
            // A client that does not read in time is disconnected.
            let _ = tokio::time::timeout(ANSWER_TIMEOUT, answer(stream)).await;
            drop(permit);
        })
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let length = BODY.len();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\ncache-control: no-store\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(BODY.as_bytes()).await?;
    stream.shutdown().await?;
    // Unread bytes at the close would discard the answer before the client reads it.
    let mut discarded = [0; 1024];
    while stream.read(&mut discarded).await? > 0 {}
    Ok(())
}
