//! A connection lives no longer than what it was authenticated with.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream, stream::BoxStream};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use triptych_services::access::{Actor, Proof};

use crate::http::{HttpState, authentication};

/// How soon a connection notices that its session has ended.
const SESSION_CHECK: Duration = Duration::from_secs(5);
/// How often a session is prolonged, and its person's permissions are read again.
const SESSION_RENEWAL: Duration = Duration::from_mins(1);
/// How soon a connection notices that its API token is gone.
const TOKEN_CHECK: Duration = Duration::from_secs(30);

/// News of whoever is behind a connection.
#[derive(Debug)]
pub(super) enum News {
    /// Still there, with these permissions now.
    Renewed(Arc<Actor>),
    /// Signed out, expired or deleted. The last news.
    Ended,
}

/// Watches over a token while its connection is open. While a database is away, nobody is sent away.
pub(super) fn over(state: HttpState, actor: &Actor, token: SecretString) -> BoxStream<'static, News> {
    let (check, renewal) = match actor.proof {
        Proof::Session(_) => (SESSION_CHECK, SESSION_RENEWAL),
        Proof::ApiToken => (TOKEN_CHECK, TOKEN_CHECK),
    };
    let watch = Watch { state, token, check, renewal, renewed: Instant::now() };
    stream::unfold(Some(watch), |watch| async move {
        let mut watch = watch?;
        match watch.next().await {
            News::Ended => Some((News::Ended, None)),
            renewed @ News::Renewed(_) => Some((renewed, Some(watch))),
        }
    })
    .boxed()
}

struct Watch {
    state: HttpState,
    token: SecretString,
    check: Duration,
    renewal: Duration,
    renewed: Instant,
}

impl Watch {
    async fn next(&mut self) -> News {
        loop {
            tokio::time::sleep(self.check).await;
            if self.renewed.elapsed() >= self.renewal {
                match authentication::authenticate(&self.state, self.token.expose_secret()).await {
                    Ok(Some(actor)) => {
                        self.renewed = Instant::now();
                        return News::Renewed(Arc::new(actor));
                    }
                    Ok(None) => return News::Ended,
                    Err(_) => continue,
                }
            }
            let alive = self.state.services.identity.sessions.is_alive(self.token.expose_secret()).await;
            if matches!(alive, Ok(false)) {
                return News::Ended;
            }
        }
    }
}
