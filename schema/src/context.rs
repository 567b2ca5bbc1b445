//! The context of a resolver: the services, the caller and the data loaders of the request.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{Context, ID};
use triptych_entities::ids::IdError;
use triptych_services::{
    Services,
    access::{Actor, Origin},
    error::Invalid,
};

use crate::{
    errors::{ApiError, Result},
    loaders::{Loader, Loaders, Loading},
};

/// The client of the caller, as known to the transport.
#[derive(Debug, Clone, Default)]
pub struct Client {
    pub origin: Origin,
    /// Whether the connection uses HTTPS, so that cookies can be `Secure`.
    pub secure: bool,
    pub passwords: Passwords,
}

/// The permit of a request to check a password, which all operations of the request share.
#[derive(Debug, Clone, Default)]
pub struct Passwords(Arc<AtomicBool>);

impl Passwords {
    /// Takes the permit. `false` if an operation of the request has taken it.
    pub(crate) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl Client {
    /// The same client for another request.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { passwords: Passwords::default(), ..self.clone() }
    }
}

/// Reads the context.
pub(crate) trait ContextExt<'a> {
    fn services(&self) -> &'a Services;
    /// # Errors
    /// If the caller is not signed in.
    fn actor(&self) -> Result<&'a Arc<Actor>>;
    fn actor_opt(&self) -> Option<&'a Arc<Actor>>;
    /// Loads a value in one batch with those that sibling fields request.
    fn load<L: Loader>(&self, loader: L, id: L::Id) -> Loading<L>;
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

    fn load<L: Loader>(&self, loader: L, id: L::Id) -> Loading<L> {
        self.data_unchecked::<Arc<Loaders>>().load(loader, id)
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
