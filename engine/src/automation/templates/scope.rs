//! The variables of templates.

use std::{collections::HashMap, fmt, sync::Arc, sync::OnceLock};

use minijinja::value::{Object, Serde, Value as Cell};
use serde_json::Value;

/// The names of the variables.
pub(super) const NAMES: [&str; 4] = ["trigger", "steps", "vars", "item"];

/// The variables of a template: `trigger`, `steps.<key>.output`, `vars` and, in a loop, `item`.
///
/// Building one costs nothing; a part is converted when a template first refers to it. Clones share parts.
#[derive(Clone)]
pub struct Scope(Root);

#[derive(Clone)]
enum Root {
    Flow(Arc<Names>),
    Named(Arc<Parts>),
}

impl Scope {
    /// `steps` maps step keys to `{"output": …}`.
    #[must_use]
    pub fn new(trigger: Value, steps: HashMap<String, Value>, vars: Value, item: Option<Value>) -> Self {
        let steps = steps.into_iter().map(|(key, step)| (key, Part::new(step))).collect();
        Self(Root::Flow(Arc::new(Names {
            trigger: Part::new(trigger),
            steps: Arc::new(Parts(steps)),
            vars: Part::new(vars),
            item: item.map(Part::new),
        })))
    }

    /// For templates that are not of a flow: these names and no others.
    #[must_use]
    pub fn named<const N: usize>(parts: [(&str, Value); N]) -> Self {
        let parts = parts.into_iter().map(|(name, value)| (name.to_owned(), Part::new(value))).collect();
        Self(Root::Named(Arc::new(Parts(parts))))
    }

    pub(super) fn root(&self) -> Cell {
        match &self.0 {
            Root::Flow(names) => Cell::from_dyn_object(Arc::clone(names)),
            Root::Named(parts) => Cell::from_dyn_object(Arc::clone(parts)),
        }
    }
}

// Values can be secret or large: neither belongs in a log.
impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Root::Flow(names) => names.fmt(f),
            Root::Named(parts) => parts.fmt(f),
        }
    }
}

/// A JSON value that is converted for the template engine when first used.
struct Part {
    json: Value,
    cell: OnceLock<Cell>,
}

impl Part {
    fn new(json: Value) -> Self {
        Self { json, cell: OnceLock::new() }
    }

    fn get(&self) -> Cell {
        self.cell.get_or_init(|| Cell::from(Serde(&self.json))).clone()
    }
}

struct Names {
    trigger: Part,
    steps: Arc<Parts>,
    vars: Part,
    item: Option<Part>,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Cell) -> Option<Cell> {
        match key.as_str()? {
            "trigger" => Some(self.trigger.get()),
            "steps" => Some(Cell::from_dyn_object(Arc::clone(&self.steps))),
            "vars" => Some(self.vars.get()),
            "item" => self.item.as_ref().map(Part::get),
            _ => None,
        }
    }
}

struct Parts(HashMap<String, Part>);

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Object for Parts {
    fn get_value(self: &Arc<Self>, key: &Cell) -> Option<Cell> {
        self.0.get(key.as_str()?).map(Part::get)
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        let mut keys: Vec<_> = self.0.keys().map(Cell::from).collect();
        keys.sort();
        minijinja::value::Enumerator::Values(keys)
    }
}
