//! Connections that send nothing, or never a whole request.

use std::time::Duration;

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::Target;

/// Sends this and nothing more. Returns what the server answers before it closes the connection.
async fn silent(target: &Target, sent: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(target.address()).await.expect("it accepts");
    stream.write_all(sent).await.expect("it receives");
    let mut received = Vec::new();
    let reading = stream.read_to_end(&mut received);
    // An abrupt close is one too.
    let _ = tokio::time::timeout(Duration::from_secs(15), reading).await.expect("it closes");
    received
}

#[tokio::test]
async fn silent_sockets_are_closed_while_others_are_served() {
    let target = Target::start_with("sockets", &[("TRIPTYCH__HTTP__HEAD_TIMEOUT_SECONDS", "2")]).await;
    let starts: [&[u8]; 3] = [b"", b"POST /graphql HTTP/1.1\r\nhost: ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
    target
        .withstands(async {
            let sockets = (0..300).map(|n| silent(&target, starts[n % starts.len()]));
            let received = join_all(sockets).await;
            assert!(received.iter().all(|answer| !answer.starts_with(b"HTTP/1.1 2")));
        })
        .await;
    target.end().await;
}
