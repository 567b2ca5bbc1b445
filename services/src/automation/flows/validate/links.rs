//! Validates each link.

use std::collections::{HashMap, HashSet};

use triptych_entities::relational::automation::{step as row, step_link};

use super::{ValidLink, Validator};
use crate::automation::flows::spec::{GraphSpec, LinkSpec};
use crate::input::Problems;

impl Validator<'_> {
    /// The links that have no problem; without any links, the steps are a chain in their order.
    pub(super) fn check_links<'g>(
        &self,
        graph: &'g GraphSpec,
        places: &HashMap<&str, usize>,
        problems: &mut Problems,
    ) -> Vec<ValidLink<'g>> {
        if graph.links.is_empty() {
            return chain(graph.steps.len());
        }
        let mut known = HashSet::with_capacity(graph.links.len());
        let mut links = Vec::with_capacity(graph.links.len());
        for (index, link) in graph.links.iter().enumerate() {
            links.extend(self.check_link(index, link, graph, places, problems));
            if !known.insert((&link.from, &link.to, link.kind)) {
                problems.add(format!("links.{index}.to"), "these two steps are linked already");
            }
        }
        links
    }

    fn check_link<'g>(
        &self,
        index: usize,
        link: &'g LinkSpec,
        graph: &GraphSpec,
        places: &HashMap<&str, usize>,
        problems: &mut Problems,
    ) -> Option<ValidLink<'g>> {
        let at = |field: &str| format!("links.{index}.{field}");
        let [from, to] = [("from", &link.from), ("to", &link.to)].map(|(field, key)| {
            let place = places.get(key.as_str()).copied();
            if place.is_none() {
                problems.add(at(field), format!("there is no step `{key}`"));
            }
            place
        });
        let kind_of = |place: Option<usize>| place.and_then(|place| self.kind(&graph.steps[place]));
        if kind_of(to) == Some(row::Kind::Trigger) {
            problems.add(at("to"), "nothing can lead to the trigger");
        }
        match link.kind {
            step_link::Kind::Branch if kind_of(from) != Some(row::Kind::Branch) => {
                problems.add(at("kind"), "only a branch step has links of kind BRANCH");
            }
            step_link::Kind::LoopBody => problems.add(at("kind"), "loops are not available yet"),
            step_link::Kind::Next | step_link::Kind::Error if link.condition.is_some() => {
                problems.add(at("condition"), "only links of kind BRANCH carry a condition");
            }
            _ => {}
        }
        let condition = link.condition.as_deref();
        if let Some(message) = condition.and_then(|text| self.templates.condition_problem(text)) {
            problems.add(at("condition"), message);
        }
        let references = condition.map(|text| self.templates.condition_references(text)).unwrap_or_default();
        for key in references.iter().filter(|key| !places.contains_key(key.as_str())) {
            problems.add(at("condition"), format!("there is no step `{key}`"));
        }
        Some(ValidLink { from: from?, to: to?, kind: link.kind, condition })
    }
}

fn chain(steps: usize) -> Vec<ValidLink<'static>> {
    let link = |to: usize| ValidLink { from: to - 1, to, kind: step_link::Kind::Next, condition: None };
    (1..steps).map(link).collect()
}
