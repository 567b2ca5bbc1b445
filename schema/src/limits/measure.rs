//! Measures the size of an operation.

use std::collections::HashMap;

use async_graphql::{
    Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};
use triptych_services::page::{DEFAULT_PAGE, MAX_PAGE};

use super::types::{Size, Types};

/// Maximum nesting of `fields`, `interfaces`, `possibleTypes` and `inputFields` of introspection. The query of GraphiQL
/// has one level; each further level multiplies the response by the number of types or fields.
pub(super) const INTROSPECTION_LISTS: usize = 2;

/// Maximum depth to which selections are followed, also through fragments. Without it, a chain of many fragments could
/// overflow the stack.
const MAX_LEVELS: usize = 256;

/// The size of a selection, with its fragments expanded. Counts stop at `usize::MAX`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measure {
    pub(super) depth: usize,
    /// Fields, each multiplied by the items of the lists that contain it.
    pub(super) fields: usize,
    pub(super) aliases: usize,
    pub(super) directives: usize,
    /// Nested lists of introspection.
    pub(super) introspection: usize,
}

impl Measure {
    /// The size of two selections of one selection set.
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            introspection: self.introspection.max(other.introspection),
        }
    }
}

/// Measures an operation; `None` if a fragment includes itself.
pub(super) fn measure(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<Measure> {
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let mut measuring =
        Measuring { types, document, operation, variables, fragments: HashMap::new(), level: 0 };
    let selected = measuring.selection(&operation.selection_set.node, root)?;
    let directives = selected.directives.saturating_add(operation.directives.len());
    Some(Measure { directives, ..selected })
}

struct Measuring<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// The size of each fragment; `None` while it is being measured.
    fragments: HashMap<&'a str, Option<Measure>>,
    /// Number of selections that contain the current one.
    level: usize,
}

impl<'a> Measuring<'a> {
    /// Measures a selection. If it is nested too deeply, its depth is `usize::MAX`.
    fn selection(&mut self, set: &'a SelectionSet, ty: &str) -> Option<Measure> {
        if self.level == MAX_LEVELS {
            return Some(Measure { depth: usize::MAX, ..Measure::default() });
        }
        self.level += 1;
        let size = self.items(set, ty);
        self.level -= 1;
        size
    }

    fn items(&mut self, set: &'a SelectionSet, ty: &str) -> Option<Measure> {
        let mut size = Measure::default();
        for item in &set.items {
            let one = match &item.node {
                Selection::Field(field) => self.field(&field.node, ty)?,
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |condition| condition.node.on.node.as_str());
                    let within = self.selection(&fragment.node.selection_set.node, ty)?;
                    with_directives(within, fragment.node.directives.len())
                }
                Selection::FragmentSpread(spread) => {
                    let within = self.fragment(spread.node.fragment_name.node.as_str())?;
                    with_directives(within, spread.node.directives.len())
                }
            };
            size = size.beside(one);
        }
        Some(size)
    }

    fn fragment(&mut self, name: &'a str) -> Option<Measure> {
        if let Some(known) = self.fragments.get(name) {
            return *known;
        }
        // Validation reports fragments that do not exist.
        let Some(fragment) = self.document.fragments.get(name) else { return Some(Measure::default()) };
        self.fragments.insert(name, None);
        let ty = fragment.node.type_condition.node.on.node.as_str();
        let size = self.selection(&fragment.node.selection_set.node, ty)?;
        let size = with_directives(size, fragment.node.directives.len());
        self.fragments.insert(name, Some(size));
        Some(size)
    }

    fn field(&mut self, field: &'a Field, ty: &str) -> Option<Measure> {
        let name = field.name.node.as_str();
        let (inner, count) = match (name, self.types.field(ty, name)) {
            ("__schema", _) => ("__Schema", 1),
            ("__type", _) => ("__Type", 1),
            // The field is `__typename`, or validation reports that it does not exist.
            (_, None) => ("", 1),
            (_, Some(known)) => (known.ty.as_str(), self.count(field, known.size)),
        };
        let within = self.selection(&field.selection_set.node, inner)?;
        let list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        Some(Measure {
            depth: within.depth.saturating_add(1),
            fields: within.fields.saturating_mul(count).saturating_add(1),
            aliases: within.aliases.saturating_add(usize::from(field.alias.is_some())),
            directives: within.directives.saturating_add(field.directives.len()),
            introspection: within.introspection + usize::from(list && ty == "__Type"),
        })
    }

    fn count(&self, field: &Field, size: Size) -> usize {
        match size {
            Size::One => 1,
            Size::List(count) => count,
            Size::Ids => match self.argument(field, "ids") {
                // At least one, so that an empty list does not hide the size of its selection.
                Some(Value::List(ids)) => ids.len().max(1),
                _ => 1,
            },
            Size::Page => {
                let asked =
                    ["first", "last"].into_iter().find_map(|name| match self.argument(field, name)? {
                        Value::Number(number) => number.as_i64(),
                        _ => None,
                    });
                // A number out of range is refused when the field is resolved.
                let size = asked.map_or(DEFAULT_PAGE, |n| u64::try_from(n).unwrap_or(0).clamp(1, MAX_PAGE));
                usize::try_from(size).unwrap_or(usize::MAX)
            }
        }
    }

    /// The value of an argument, with variables and their defaults filled in.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?;
        let filled = value.node.clone().into_const_with(|name| {
            let definition =
                self.operation.variable_definitions.iter().find(|one| one.node.name.node == name);
            let default = definition.and_then(|one| Some(one.node.default_value.as_ref()?.node.clone()));
            Ok::<_, ()>(self.variables.get(&name).cloned().or(default).unwrap_or_default())
        });
        filled.ok()
    }
}

fn with_directives(size: Measure, directives: usize) -> Measure {
    Measure { directives: size.directives.saturating_add(directives), ..size }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        type Query { things(first: Int, last: Int): ThingConnection! nodes(ids: [ID!]!): [Thing]! a: Query }
        type ThingConnection { edges: [ThingEdge!]! nodes: [Thing!]! totalCount: Int! }
        type ThingEdge { node: Thing! cursor: String! }
        type Thing { id: ID! parts: [Thing!]! things(first: Int, last: Int): ThingConnection! }
    ";

    fn size(query: &str, variables: serde_json::Value) -> Option<Measure> {
        let mut document = parse_query(query).unwrap();
        let operation = crate::choice::chosen(&mut document, None).unwrap().clone();
        measure(&Types::of(SDL).unwrap(), &document, &operation, &Variables::from_json(variables))
    }

    fn fields(query: &str) -> usize {
        size(query, json!({})).unwrap().fields
    }

    #[test]
    fn lists_multiply_by_their_size() {
        assert_eq!(fields("{ things(first: 5) { nodes { id } } }"), 1 + 5 * (1 + 1));
        assert_eq!(fields("{ things { nodes { id } } }"), 1 + 20 * 2);
        assert_eq!(fields("{ things(last: 5000) { totalCount } }"), 1 + 100);
        assert_eq!(fields("{ things(first: 2) { nodes { things(first: 3) { nodes { id } } } } }"), 17);
        assert_eq!(fields(r#"{ nodes(ids: ["a", "b"]) { id parts { id } } }"#), 1 + 2 * (1 + 1 + 10));
        let sized = "query($n: Int = 4) { things(first: $n) { nodes { id } } }";
        assert_eq!(size(sized, json!({})).unwrap().fields, 1 + 4 * 2);
        assert_eq!(size(sized, json!({ "n": 7 })).unwrap().fields, 1 + 7 * 2);
        assert_eq!(fields("{ nodes(ids: []) { id parts { id } } }"), 1 + 1 + 1 + 10);
    }

    #[test]
    fn depth_aliases_and_directives_count_through_fragments() {
        let query = "query($x: Boolean!) { b: a { ...F } c: a @skip(if: $x) { ...F @include(if: $x) } }
                     fragment F on Query { d: a { ... @skip(if: $x) { __typename } } }";
        let size = size(query, json!({ "x": true })).unwrap();
        assert_eq!((size.depth, size.aliases, size.directives), (3, 4, 4));
    }

    #[test]
    fn each_fragment_of_a_chain_is_measured_once() {
        let chain = (0..60).map(|n| format!(" fragment F{n} on Query {{ ...F{m} ...F{m} }}", m = n + 1));
        let mut query = format!("{{ ...F0 }}{}", chain.collect::<String>());
        query += " fragment F60 on Query { __typename }";
        assert_eq!(fields(&query), 1 << 60);
        let wider = query.replace("__typename", "a { a { a { a { a { __typename } } } } }");
        assert_eq!(fields(&wider.replace("...F0", "...F0 ...F0 ...F0 ...F0")), usize::MAX);
        assert_eq!(
            size("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", json!({})),
            None
        );
    }

    #[test]
    fn a_long_chain_of_fragments_is_refused_without_a_stack_overflow() {
        let chain =
            (0..3000).map(|n| format!(" fragment F{n} on Query {{ a {{ a {{ ...F{m} }} }} }}", m = n + 1));
        let query = format!("{{ ...F0 }}{} fragment F3000 on Query {{ a }}", chain.collect::<String>());
        assert_eq!(size(&query, json!({})).unwrap().depth, usize::MAX);
    }

    #[test]
    fn nested_lists_of_introspection_are_counted() {
        let nested = |query| size(query, json!({})).unwrap().introspection;
        assert_eq!(nested("{ __schema { types { fields { args { type { ofType { name } } } } } } }"), 1);
        let deep = "{ __type(name: \"Node\") { possibleTypes { interfaces { possibleTypes { name } } } } }";
        assert_eq!(nested(deep), 3);
    }
}
