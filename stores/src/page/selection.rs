//! The stored fields that a list reads.

use smallvec::SmallVec;
use triptych_entities::relational::positional::{ColumnSet, Positional};

/// The names of columns.
pub type Columns = SmallVec<[&'static str; 8]>;

/// What the caller reads of each item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Selection {
    #[default]
    All,
    /// The columns with these names. The others have the default of their type.
    Only(Columns),
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
