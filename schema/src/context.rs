//! What a resolver finds in its context: the services, the caller, and the loaders of this request.

use std::{hash::Hash, str::FromStr, sync::Arc, time::Duration};

use async_graphql::{
    Context, ID,
    dataloader::{DataLoader, Loader, NoCache},
    runtime::{TokioSpawner, TokioTimer},
};
use futures::{FutureExt as _, future::BoxFuture};
use triptych_entities::ids::IdError;
use triptych_services::{
    Services,
    access::Actor,
    error::{Invalid, ServiceError},
};

use crate::errors::{ApiError, Result};

/// Loads many things at once, as the caller may see them. Each domain implements `Loader` for its own keys.
pub struct Batch {
    pub(crate) actor: Arc<Actor>,
    pub(crate) services: Services,
}

/// The loaders of one request, or of one event of a subscription.
pub type Loaders = DataLoader<Batch, NoCache>;

pub(crate) fn loaders(actor: Arc<Actor>, services: Services) -> Loaders {
    // Keys are gathered while the executor is busy with siblings; a timer would only add its own wait.
    DataLoader::new(Batch { actor, services }, TokioSpawner::current(), TokioTimer::default())
        .delay(Duration::ZERO)
}

/// What the transport knows of the caller's browser.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub user_agent: Option<String>,
    /// The caller is on HTTPS, so cookies can be for HTTPS only.
    pub secure: bool,
}

/// Reads the context.
pub(crate) trait ContextExt<'a> {
    fn services(&self) -> &'a Services;
    /// # Errors
    /// If nobody is signed in.
    fn actor(&self) -> Result<&'a Arc<Actor>>;
    fn actor_opt(&self) -> Option<&'a Arc<Actor>>;
    /// Loads one thing together with those that its siblings ask for.
    ///
    /// Boxed on purpose: the future of a field is as large as the largest field of its type, and a loader's is
    /// large. Unboxed, each of a hundred names beside it would pay for it.
    fn load<K>(&self, key: K) -> BoxFuture<'a, Result<Option<<Batch as Loader<K>>::Value>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Arc<ServiceError>>;
    fn client(&self) -> &'a Client;
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn services(&self) -> &'a Services {
        self.data_unchecked::<Services>()
    }

    fn actor(&self) -> Result<&'a Arc<Actor>> {
        self.actor_opt().ok_or_else(ApiError::signed_out)
    }

    fn actor_opt(&self) -> Option<&'a Arc<Actor>> {
        self.data_opt::<Arc<Actor>>()
    }

    fn load<K>(&self, key: K) -> BoxFuture<'a, Result<Option<<Batch as Loader<K>>::Value>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Arc<ServiceError>>,
    {
        let loaders = self.data_opt::<Loaders>();
        async move { Ok(loaders.ok_or_else(ApiError::signed_out)?.load_one(key).await?) }.boxed()
    }

    fn client(&self) -> &'a Client {
        self.data_unchecked::<Client>()
    }
}

/// Reads an id of one kind.
///
/// # Errors
/// `Invalid` naming the field, for another kind of id or none at all.
pub(crate) fn parse_id<I: FromStr<Err = IdError>>(field: &str, id: &ID) -> Result<I, Invalid> {
    id.parse().map_err(|error: IdError| Invalid::one(field, error.to_string()))
}

/// As [`parse_id`], for an argument that may be absent.
pub(crate) fn parse_id_opt<I: FromStr<Err = IdError>>(
    field: &str,
    id: Option<&ID>,
) -> Result<Option<I>, Invalid> {
    id.map(|id| parse_id(field, id)).transpose()
}
