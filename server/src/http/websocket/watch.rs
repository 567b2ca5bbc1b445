//! Closes a connection when its session or token ends.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream, stream::BoxStream};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use triptych_services::access::{Actor, Origin, Proof};

use crate::http::{HttpState, authentication};

/// Interval of checks whether the session exists.
const SESSION_CHECK: Duration = Duration::from_secs(5);
/// Interval of extending a session and reading the permissions of its user again.
const SESSION_RENEWAL: Duration = Duration::from_mins(1);
/// Interval of checks whether the API token exists.
const TOKEN_CHECK: Duration = Duration::from_secs(30);

/// A change of the actor of a connection.
#[derive(Debug)]
pub(super) enum Change {
    /// The actor with its current permissions.
    Renewed(Arc<Actor>),
    /// The session or token was revoked, deleted or has expired. The last change.
    Ended,
}

/// Watches a token while its connection is open. A database that is unavailable does not end a connection.
pub(super) fn over(state: HttpState, actor: &Actor, token: SecretString) -> BoxStream<'static, Change> {
    let (check, renewal) = match actor.proof {
        Proof::Session(_) => (SESSION_CHECK, SESSION_RENEWAL),
        Proof::ApiToken(_) => (TOKEN_CHECK, TOKEN_CHECK),
    };
    let origin = actor.origin.clone();
    let watch = Watch { state, token, origin, check, renewal, renewed: Instant::now() };
    stream::unfold(Some(watch), |watch| async move {
        let mut watch = watch?;
        match watch.next().await {
            Change::Ended => Some((Change::Ended, None)),
            renewed @ Change::Renewed(_) => Some((renewed, Some(watch))),
        }
    })
    .boxed()
}

struct Watch {
    state: HttpState,
    token: SecretString,
    origin: Origin,
    check: Duration,
    renewal: Duration,
    renewed: Instant,
}

impl Watch {
    async fn next(&mut self) -> Change {
        loop {
            tokio::time::sleep(self.check).await;
            if self.renewed.elapsed() >= self.renewal {
                match authentication::authenticate(&self.state, self.token.expose_secret(), &self.origin)
                    .await
                {
                    Ok(Some(actor)) => {
                        self.renewed = Instant::now();
                        return Change::Renewed(Arc::new(actor));
                    }
                    Ok(None) => return Change::Ended,
                    Err(_) => continue,
                }
            }
            let alive = self.state.services.identity.sessions.is_alive(self.token.expose_secret()).await;
            if matches!(alive, Ok(false)) {
                return Change::Ended;
            }
        }
    }
}
