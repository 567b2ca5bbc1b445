//! Counts the slots that organizations hold: of a queue, or of the threads for computing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use triptych_entities::ids::OrganizationId;

/// The slots of one kind in this process.
pub(crate) struct Gate {
    slots: usize,
    share: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    total: usize,
    /// Organizations that hold slots.
    by: HashMap<OrganizationId, usize>,
}

/// A slot, held until it is dropped.
pub(crate) struct Slot {
    gate: Arc<Gate>,
    organization: OrganizationId,
}

impl Gate {
    /// One organization may hold this share of the slots while others wait; at least one slot.
    pub(crate) fn new(slots: usize, share: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "slots are few, and the share is between 0 and 1"
        )]
        let share = (slots as f64 * share).floor() as usize;
        Self { slots, share: share.clamp(1, slots), held: Mutex::default() }
    }

    /// The slots, and as many more as others than one organization may hold.
    pub(crate) fn capacity(&self) -> usize {
        self.slots + (self.slots - self.share).max(1)
    }

    /// Takes a slot: any, if one is free; otherwise one beyond the slots, for an organization that holds less than its
    /// share.
    pub(crate) fn enter(self: &Arc<Self>, organization: OrganizationId) -> Option<Slot> {
        let mut held = self.held();
        if held.total >= self.slots && !self.below_share(&held, organization) {
            return None;
        }
        held.total += 1;
        *held.by.entry(organization).or_default() += 1;
        Some(Slot { gate: self.clone(), organization })
    }

    /// Whether as many jobs run as can.
    pub(crate) fn is_full(&self) -> bool {
        self.held().total >= self.capacity()
    }

    /// The number of free slots.
    pub(crate) fn free(&self) -> usize {
        self.slots.saturating_sub(self.held().total)
    }

    pub(crate) fn is_below_share(&self, organization: OrganizationId) -> bool {
        self.below_share(&self.held(), organization)
    }

    /// With more organizations than shares, the slots are divided evenly.
    fn below_share(&self, held: &Held, organization: OrganizationId) -> bool {
        let own = held.by.get(&organization).copied().unwrap_or_default();
        let organizations = held.by.len() + usize::from(own == 0);
        own < self.share.min(self.slots / organizations).max(1)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    pub(crate) fn organization(&self) -> OrganizationId {
        self.organization
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.gate.held();
        held.total -= 1;
        if let Some(own) = held.by.get_mut(&self.organization) {
            *own -= 1;
            if *own == 0 {
                held.by.remove(&self.organization);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn organization(number: u128) -> OrganizationId {
        OrganizationId(Uuid::from_u128(number))
    }

    /// Takes slots until there is none left for the organization.
    fn fill(gate: &Arc<Gate>, number: u128) -> Vec<Slot> {
        std::iter::from_fn(|| gate.enter(organization(number))).take(1_000).collect()
    }

    #[test]
    fn one_organization_alone_has_all_slots_and_another_finds_its_share() {
        let gate = Arc::new(Gate::new(10, 0.5));
        let mut first = fill(&gate, 1);
        assert_eq!((first.len(), gate.free()), (10, 0));
        let second = fill(&gate, 2);
        assert_eq!(second.len(), 5);
        // What the first gives back goes to it only when it holds less than its share.
        first.truncate(5);
        assert_eq!((gate.free(), fill(&gate, 1).len()), (0, 0));
        first.pop();
        assert_eq!(fill(&gate, 1).len(), 1);
        drop((first, second));
        assert_eq!((gate.free(), fill(&gate, 1).len()), (10, 10));
    }

    #[test]
    fn many_organizations_divide_the_slots() {
        let gate = Arc::new(Gate::new(12, 0.5));
        let held: Vec<_> = (1..=4).map(|number| fill(&gate, number)).collect();
        let counts: Vec<_> = held.iter().map(Vec::len).collect();
        assert_eq!(counts, [12, 6, 4, 3]);
        assert!(gate.is_below_share(organization(5)));
    }

    #[test]
    fn a_share_is_at_least_one_slot() {
        let gate = Arc::new(Gate::new(1, 0.1));
        assert_eq!(gate.capacity(), 2);
        let first = fill(&gate, 1);
        assert_eq!((first.len(), fill(&gate, 2).len()), (1, 1));
        assert_eq!(Gate::new(4, 1.0).capacity(), 5);
    }
}
