//! All subjects of permissions: the features, and the collections that have a subject of their own.

use crate::{access::Subject, documents::COLLECTIONS};

/// Lists all subjects, each once.
pub fn all() -> impl Iterator<Item = Subject> {
    let own = |subject: &Subject| matches!(subject, Subject::Documents { .. });
    Subject::FEATURES.into_iter().chain(COLLECTIONS.iter().map(|collection| collection.subject).filter(own))
}

/// The subject of a stored permission or of a scope of an API token.
#[must_use]
pub fn by_name(name: &str) -> Option<Subject> {
    all().find(|subject| subject.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let mut seen = HashSet::new();
        assert!(all().all(|subject| seen.insert(subject.name()) && by_name(subject.name()) == Some(subject)));
    }
}
