//! Keys of an id and of what several ids have in common, such as the page that is requested of each.

use std::{collections::HashMap, hash::Hash};

use triptych_services::error::ServiceError;

use super::{Caller, Key, Loaded};

/// What is requested of each of several ids. The type determines the loader.
pub(crate) trait Group: Clone + Eq + Hash + Send + Sync + 'static {
    type Id: Copy + Eq + Hash + Send + Sync + 'static;
    type Value: Clone + Send + 'static;

    /// Loads it for several ids at once.
    fn load(&self, caller: &Caller, ids: &[Self::Id]) -> impl Future<Output = LoadedGroup<Self>> + Send;
}

/// The result of [`Group::load`].
pub(crate) type LoadedGroup<G> = Result<HashMap<<G as Group>::Id, <G as Group>::Value>, ServiceError>;

/// The key for one of the ids. Keys with the same second part are loaded together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Of<G: Group>(pub(crate) G::Id, pub(crate) G);

impl<G: Group> Key for Of<G> {
    type Value = G::Value;

    async fn load(caller: &Caller, keys: &[Self]) -> Loaded<Self> {
        let mut groups: HashMap<&G, Vec<G::Id>> = HashMap::new();
        for Self(id, group) in keys {
            groups.entry(group).or_default().push(*id);
        }
        let mut values = HashMap::with_capacity(keys.len());
        for (group, ids) in groups {
            let found = group.load(caller, &ids).await?;
            values.extend(found.into_iter().map(|(id, value)| (Self(id, group.clone()), value)));
        }
        Ok(values)
    }
}
