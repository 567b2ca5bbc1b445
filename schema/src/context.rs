//! The context of a resolver: the services, the caller and the data loaders of the request.

use std::{hash::Hash, str::FromStr, sync::Arc, time::Duration};

use async_graphql::{
    Context, ID,
    dataloader::{DataLoader, Loader, NoCache},
};
use futures::{FutureExt as _, future::BoxFuture};
use triptych_entities::ids::IdError;
use triptych_services::{
    Services,
    access::Actor,
    error::{Invalid, ServiceError},
};

use crate::{
    batches::{Batches, Immediately},
    errors::{ApiError, Result},
};

/// Loads rows and documents by their keys, limited to those that the caller may see. Each domain implements `Loader`
/// for its keys.
pub struct Batch {
    pub(crate) actor: Arc<Actor>,
    pub(crate) services: Arc<Services>,
}

/// The loaders of one request, or of one event of a subscription.
pub type Loaders = DataLoader<Batch, NoCache>;

pub(crate) fn loaders(actor: Arc<Actor>, services: Arc<Services>, batches: Batches) -> Loaders {
    DataLoader::new(Batch { actor, services }, batches, Immediately).delay(Duration::ZERO)
}

/// The client of the caller, as known to the transport.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub user_agent: Option<String>,
    /// Whether the connection uses HTTPS, so that cookies can be `Secure`.
    pub secure: bool,
}

/// Reads the context.
pub(crate) trait ContextExt<'a> {
    fn services(&self) -> &'a Services;
    /// # Errors
    /// If the caller is not signed in.
    fn actor(&self) -> Result<&'a Arc<Actor>>;
    fn actor_opt(&self) -> Option<&'a Arc<Actor>>;
    /// Loads a value in one batch with those that sibling fields request.
    ///
    /// Loaders share their values because the library clones a value for each field that requested it. By then the
    /// batch has been dropped, so that a value requested by one field is moved and not cloned.
    fn load<K, V>(&self, key: K) -> BoxFuture<'a, Result<Option<V>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        V: Clone + Send + Sync + 'static,
        Batch: Loader<K, Value = Arc<V>, Error = Arc<ServiceError>>;
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

    fn load<K, V>(&self, key: K) -> BoxFuture<'a, Result<Option<V>>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        V: Clone + Send + Sync + 'static,
        Batch: Loader<K, Value = Arc<V>, Error = Arc<ServiceError>>,
    {
        let loaders = self.data_opt::<Loaders>();
        async move {
            let found = loaders.ok_or_else(ApiError::signed_out)?.load_one(key).await?;
            Ok(found.map(Arc::unwrap_or_clone))
        }
        .boxed()
    }

    fn client(&self) -> &'a Client {
        self.data_unchecked::<Client>()
    }
}

/// Parses an id of one type.
///
/// # Errors
/// `Invalid` with the field, for an id of another type or a malformed one.
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
