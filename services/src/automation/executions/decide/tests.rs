//! Small graphs, written as links between step names, and what is decided about them.

use serde_json::json;
use step_link::Kind as Link;
use triptych_entities::ids::{FlowVersionId, Id as _, OrganizationId, StepLinkId};
use uuid::Uuid;

use super::*;

/// A graph whose first step is the trigger.
struct Sketch {
    names: Vec<&'static str>,
    graph: Graph,
}

/// The state of a step, by its name.
type States<'a> = &'a [(&'a str, Status)];

impl Sketch {
    fn new(links: &[(&'static str, Link, &'static str)]) -> Self {
        let mut sketch = Self { names: Vec::new(), graph: Graph::default() };
        for (position, (from, kind, to)) in (0..).zip(links) {
            let (from_step_id, to_step_id) = (sketch.place(from), sketch.place(to));
            sketch.graph.links.push(step_link::Model {
                id: StepLinkId::from_uuid(Uuid::from_u128(1_000 + position)),
                organization_id: OrganizationId::from_uuid(Uuid::nil()),
                version_id: FlowVersionId::from_uuid(Uuid::nil()),
                from_step_id,
                to_step_id,
                kind: *kind,
                condition: None,
                position: 0,
            });
        }
        sketch
    }

    /// The id of a step, which is added if it is new.
    fn place(&mut self, name: &'static str) -> StepId {
        if !self.names.contains(&name) {
            self.names.push(name);
            let kind = if self.names.len() == 1 { step::Kind::Trigger } else { step::Kind::Action };
            let step = step::Model {
                id: self.id(name),
                organization_id: OrganizationId::from_uuid(Uuid::nil()),
                version_id: FlowVersionId::from_uuid(Uuid::nil()),
                key: name.to_owned(),
                name: name.to_owned(),
                kind,
                integration: "test".to_owned(),
                operation: "test".to_owned(),
                parameters: json!({}),
                credential_id: None,
                retry: None,
                timeout_seconds: None,
                position: 0,
            };
            self.graph.steps.push(step);
        }
        self.id(name)
    }

    fn id(&self, name: &str) -> StepId {
        let place = self.names.iter().position(|known| *known == name).unwrap();
        StepId::from_uuid(Uuid::from_u128(place as u128 + 1))
    }

    fn name(&self, id: StepId) -> &'static str {
        self.names[usize::try_from(id.uuid().as_u128()).unwrap() - 1]
    }

    /// The names of the steps to start, of those to skip, and how it ends.
    fn decide(&self, states: States<'_>) -> (Vec<&str>, Vec<&str>, Option<&str>) {
        self.decide_with(states, &[])
    }

    fn decide_with(
        &self,
        states: States<'_>,
        exits: &[(&str, Exit)],
    ) -> (Vec<&str>, Vec<&str>, Option<&str>) {
        let states = states.iter().map(|(name, status)| {
            let exit = exits.iter().find(|(step, _)| step == name).map_or(Exit::Continue, |(_, exit)| *exit);
            (self.id(name), StepState { status: *status, exit })
        });
        let decision = decide(&self.graph, &states.collect());
        let ending = decision.ending.map(|ending| match ending {
            Ending::Succeeded => "succeeded",
            Ending::Failed(step) => self.name(step),
        });
        let start = decision.start.iter().map(|id| self.name(*id)).collect();
        (start, decision.skip.iter().map(|(id, _)| self.name(*id)).collect(), ending)
    }
}

use Status::{Canceled, Failed, Queued, Running, Skipped, Succeeded, Waiting};

#[test]
fn the_steps_of_a_chain_run_one_after_another() {
    let chain = Sketch::new(&[("hook", Link::Next, "a"), ("a", Link::Next, "b")]);
    let done = ("hook", Succeeded);
    for (states, start, ending) in [
        (&[done][..], &["a"][..], None),
        (&[done, ("a", Queued)], &[], None),
        (&[done, ("a", Running)], &[], None),
        (&[done, ("a", Waiting)], &[], None),
        (&[done, ("a", Succeeded)], &["b"], None),
        (&[done, ("a", Succeeded), ("b", Running)], &[], None),
        (&[done, ("a", Succeeded), ("b", Succeeded)], &[], Some("succeeded")),
    ] {
        assert_eq!(chain.decide(states), (start.to_vec(), vec![], ending), "{states:?}");
    }
}

#[test]
fn a_trigger_without_steps_is_a_complete_execution() {
    let mut alone = Sketch::new(&[]);
    alone.place("hook");
    assert_eq!(alone.decide(&[("hook", Succeeded)]), (vec![], vec![], Some("succeeded")));
}

#[test]
fn a_failure_ends_the_execution_unless_an_error_link_handles_it() {
    let plain = Sketch::new(&[("hook", Link::Next, "a"), ("a", Link::Next, "b")]);
    let failed = [("hook", Succeeded), ("a", Failed)];
    assert_eq!(plain.decide(&failed), (vec![], vec!["b"], Some("a")));

    let handled = Sketch::new(&[
        ("hook", Link::Next, "a"),
        ("a", Link::Next, "b"),
        ("a", Link::Error, "rescue"),
        ("rescue", Link::Next, "last"),
    ]);
    assert_eq!(handled.decide(&failed), (vec!["rescue"], vec!["b"], None));
    // Without a failure, the error path and its successors are skipped.
    let went_well = [("hook", Succeeded), ("a", Succeeded), ("b", Succeeded)];
    assert_eq!(handled.decide(&went_well), (vec![], vec!["rescue", "last"], Some("succeeded")));
    let rescued = [("hook", Succeeded), ("a", Failed), ("b", Skipped), ("rescue", Failed)];
    assert_eq!(handled.decide(&rescued), (vec![], vec!["last"], Some("rescue")));
}

#[test]
fn a_failure_starts_no_parallel_step() {
    let parallel =
        Sketch::new(&[("hook", Link::Next, "a"), ("hook", Link::Next, "b"), ("b", Link::Next, "c")]);
    let states = [("hook", Succeeded), ("a", Failed), ("b", Succeeded)];
    assert_eq!(parallel.decide(&states), (vec![], vec![], Some("a")));
}

#[test]
fn a_join_waits_for_all_remaining_paths() {
    let diamond = Sketch::new(&[
        ("hook", Link::Next, "a"),
        ("hook", Link::Next, "b"),
        ("a", Link::Next, "join"),
        ("b", Link::Next, "join"),
    ]);
    let done = ("hook", Succeeded);
    for (states, start, skip, ending) in [
        (&[done][..], &["a", "b"][..], &[][..], None),
        (&[done, ("a", Succeeded), ("b", Running)], &[], &[], None),
        (&[done, ("a", Succeeded), ("b", Succeeded)], &["join"], &[], None),
        (&[done, ("a", Skipped), ("b", Succeeded)], &["join"], &[], None),
        (&[done, ("a", Skipped), ("b", Running)], &[], &[], None),
        (&[done, ("a", Skipped), ("b", Skipped)], &[], &["join"], Some("succeeded")),
        (&[done, ("a", Canceled), ("b", Canceled)], &[], &["join"], Some("succeeded")),
    ] {
        assert_eq!(diamond.decide(states), (start.to_vec(), skip.to_vec(), ending), "{states:?}");
    }
}

#[test]
fn a_filter_that_stops_skips_all_later_steps() {
    let filtered =
        Sketch::new(&[("hook", Link::Next, "filter"), ("filter", Link::Next, "a"), ("a", Link::Next, "b")]);
    let states = [("hook", Succeeded), ("filter", Succeeded)];
    assert_eq!(filtered.decide(&states), (vec!["a"], vec![], None));
    let stopped = filtered.decide_with(&states, &[("filter", Exit::Stop)]);
    assert_eq!(stopped, (vec![], vec!["a", "b"], Some("succeeded")));
}

#[test]
fn a_branch_follows_the_chosen_link_and_every_next_link() {
    let branched = Sketch::new(&[
        ("hook", Link::Next, "branch"),
        ("branch", Link::Branch, "big"),
        ("branch", Link::Branch, "small"),
        ("branch", Link::Next, "always"),
        ("big", Link::Next, "join"),
        ("small", Link::Next, "join"),
    ]);
    let states = [("hook", Succeeded), ("branch", Succeeded)];
    let took =
        |name: &str| branched.decide_with(&states, &[("branch", Exit::Branch(Some(branched.id(name))))]);
    assert_eq!(took("big"), (vec!["big", "always"], vec!["small"], None));
    assert_eq!(took("small"), (vec!["small", "always"], vec!["big"], None));
    let none = (vec!["always"], vec!["big", "small", "join"], None);
    assert_eq!(branched.decide_with(&states, &[("branch", Exit::Branch(None))]), none);
    assert_eq!(branched.decide_with(&states, &[("branch", Exit::Continue)]), none);
}

#[test]
fn skipped_steps_have_a_reason() {
    let graph =
        Sketch::new(&[("hook", Link::Next, "a"), ("a", Link::Next, "b"), ("b", Link::Next, "c")]).graph;
    let id = |place| StepId::from_uuid(Uuid::from_u128(place));
    let state = |status, exit| StepState { status, exit };
    let hook = (id(1), state(Succeeded, Exit::Continue));
    for (a, reason) in [
        (state(Failed, Exit::Continue), "the step before it failed"),
        (state(Succeeded, Exit::Stop), "the filter did not pass"),
        (state(Skipped, Exit::Continue), "the step before it was skipped"),
        (state(Canceled, Exit::Continue), "the step before it was canceled"),
    ] {
        let decision = decide(&graph, &HashMap::from([hook, (id(2), a)]));
        assert_eq!(decision.skip, [(id(3), reason), (id(4), "the step before it was skipped")]);
    }
}

#[test]
fn a_repeated_decision_has_the_same_result() {
    let diamond = Sketch::new(&[
        ("hook", Link::Next, "a"),
        ("hook", Link::Next, "b"),
        ("a", Link::Next, "join"),
        ("b", Link::Error, "join"),
    ]);
    let states = [("hook", Succeeded), ("a", Succeeded), ("b", Succeeded)];
    let first = diamond.decide(&states);
    assert_eq!(first, (vec!["join"], vec![], None));
    assert_eq!(diamond.decide(&states), first);
    let started = [("hook", Succeeded), ("a", Succeeded), ("b", Succeeded), ("join", Queued)];
    assert_eq!(diamond.decide(&started), (vec![], vec![], None));
}
