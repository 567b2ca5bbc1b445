//! Raw connections, for what well-behaved clients do not do.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{World, attempts};

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server.
pub(super) struct Raw {
    stream: TcpStream,
    host: String,
}

impl Raw {
    pub(super) async fn open(world: &World) -> Self {
        let host = world.url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await.expect("it accepts");
        Self { stream, host }
    }

    pub(super) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("it receives");
    }

    /// Sends the head of a request, with more header lines.
    pub(super) async fn head(&mut self, request: &str, headers: &[&str]) {
        let mut lines = headers.to_vec();
        let host = format!("host: {}", self.host);
        if !headers.iter().any(|line| line.starts_with("host:")) {
            lines.push(&host);
        }
        self.write(format!("{request} HTTP/1.1\r\n{}\r\n\r\n", lines.join("\r\n"))).await;
    }

    /// A response with a `Content-Length`: its status line, its head and its body.
    pub(super) async fn response(&mut self) -> String {
        let mut received = Vec::new();
        let reading = async {
            loop {
                let text = String::from_utf8_lossy(&received).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let length = head
                        .lines()
                        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                    if body.len() >= length.unwrap_or(0_usize) {
                        return text.to_lowercase();
                    }
                }
                let mut buffer = [0; 4096];
                let read = self.stream.read(&mut buffer).await.expect("it answers");
                assert!(read > 0, "it closes after {text:?}");
                received.extend_from_slice(&buffer[..read]);
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("a response in time")
    }

    /// Waits until the server closes the connection. Returns what it sent before.
    pub(super) async fn closed(&mut self) -> Vec<u8> {
        let mut received = Vec::new();
        // An abrupt close is one too.
        let reading = self.stream.read_to_end(&mut received);
        let _ = tokio::time::timeout(PATIENCE, reading).await.expect("it closes");
        received
    }

    /// Sends one byte at a time until the server closes the connection.
    pub(super) async fn trickle(&mut self, bytes: &[u8]) {
        let mut ticks = attempts(PATIENCE);
        let mut bytes = bytes.iter().cycle();
        let mut buffer = [0; 64];
        loop {
            assert!(ticks.next().await, "the connection stays open");
            let byte = [*bytes.next().expect("bytes")];
            if self.stream.write_all(&byte).await.is_err() {
                return;
            }
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return,
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    }
}
