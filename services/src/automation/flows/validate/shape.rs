//! Validates the structure of a graph: cycles, unreachable steps, and templates that refer to steps that do not run
//! earlier.

use std::collections::{HashMap, VecDeque};

use triptych_entities::relational::automation::step as row;

use super::{ValidGraph, Validator};
use crate::input::Problems;

/// For each step, the steps at the other ends of its links.
struct Neighbours(Vec<Vec<usize>>);

impl Validator<'_> {
    /// Requires a graph whose steps and links are valid, so that their indexes are correct.
    pub(super) fn check_shape(
        &self,
        graph: &ValidGraph<'_>,
        places: &HashMap<&str, usize>,
        is_chain: bool,
        problems: &mut Problems,
    ) {
        let edges = graph.links.iter().map(|link| (link.from, link.to));
        let after = Neighbours::new(graph.steps.len(), edges.clone());
        let before = Neighbours::new(graph.steps.len(), edges.map(|(from, to)| (to, from)));
        let stuck = in_cycles(&after, &before);
        if !stuck.is_empty() {
            let keys: Vec<_> = stuck.iter().map(|index| graph.steps[*index].key.as_str()).collect();
            let path = if is_chain { "steps" } else { "links" };
            problems.add(path, format!("these steps lead in a cycle: {}", keys.join(", ")));
            return;
        }
        let Some(trigger) = graph.steps.iter().position(|step| step.kind == row::Kind::Trigger) else {
            return;
        };
        let reached = after.reachable(trigger);
        for (index, step) in graph.steps.iter().enumerate() {
            if !reached[index] {
                let message = format!("nothing leads from the trigger to `{}`", step.key.as_str());
                problems.add(format!("steps.{index}"), message);
            }
        }
        for index in 0..graph.steps.len() {
            self.check_references(graph, index, places, &before, problems);
        }
    }

    fn check_references(
        &self,
        graph: &ValidGraph<'_>,
        index: usize,
        places: &HashMap<&str, usize>,
        before: &Neighbours,
        problems: &mut Problems,
    ) {
        let references = self.templates.references(&graph.steps[index].spec.parameters);
        if references.is_empty() {
            return;
        }
        let earlier = before.reachable(index);
        for (path, key) in references {
            let message = match places.get(key.as_str()) {
                None => format!("there is no step `{key}`"),
                Some(other) if *other != index && earlier[*other] => continue,
                Some(_) => format!("`{key}` does not run before this step"),
            };
            problems.add(format!("steps.{index}.parameters.{path}"), message);
        }
    }
}

impl Neighbours {
    fn new(steps: usize, edges: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut neighbours = vec![Vec::new(); steps];
        for (from, to) in edges {
            neighbours[from].push(to);
        }
        Self(neighbours)
    }

    /// For each step, whether it can be reached from `start`. A step reaches itself.
    fn reachable(&self, start: usize) -> Vec<bool> {
        let mut seen = vec![false; self.0.len()];
        seen[start] = true;
        let mut open = vec![start];
        while let Some(next) = open.pop() {
            for to in &self.0[next] {
                if !seen[*to] {
                    seen[*to] = true;
                    open.push(*to);
                }
            }
        }
        seen
    }
}

/// The steps without a position in a topological order: those in cycles, and their successors.
fn in_cycles(after: &Neighbours, before: &Neighbours) -> Vec<usize> {
    let mut incoming: Vec<usize> = before.0.iter().map(Vec::len).collect();
    let mut ready: VecDeque<usize> = (0..incoming.len()).filter(|index| incoming[*index] == 0).collect();
    let mut ordered = vec![false; incoming.len()];
    while let Some(next) = ready.pop_front() {
        ordered[next] = true;
        for to in &after.0[next] {
            incoming[*to] -= 1;
            if incoming[*to] == 0 {
                ready.push_back(*to);
            }
        }
    }
    (0..ordered.len()).filter(|index| !ordered[*index]).collect()
}
