//! The cryptography of TLS connections: ring, for the clients of databases and for HTTP.

use std::sync::Once;

/// Installs the provider of the process. Idempotent. HTTP clients are built without a provider of their own, so it must
/// be called before the first one is made.
pub fn install() {
    static INSTALLED: Once = Once::new();
    // The call fails only if a provider is installed already.
    INSTALLED.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_server_without_tls_is_an_error_of_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rediss://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { listener.accept().await.map(drop) });
        let client = redis::Client::open(url).unwrap();
        assert!(client.get_multiplexed_async_connection().await.is_err());
        server.await.unwrap().unwrap();
    }
}
