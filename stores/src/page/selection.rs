//! The stored fields that a list reads.

use triptych_entities::relational::positional::{ColumnSet, Positional};

/// What the caller reads of each item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Selection {
    #[default]
    All,
    /// The columns with these names. The others have the default of their type.
    Only(Vec<&'static str>),
}

impl Selection {
    /// The selected columns of a model, and those with these names.
    pub fn with<M: Positional>(&self, names: impl IntoIterator<Item = &'static str>) -> ColumnSet {
        match self {
            Self::All => ColumnSet::ALL,
            Self::Only(selected) => ColumnSet::of::<M>(selected.iter().copied().chain(names)),
        }
    }
}
