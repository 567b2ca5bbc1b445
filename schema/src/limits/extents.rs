//! The sizes of the lists of introspection, which follow from the schema.

use std::collections::HashMap;

use async_graphql::parser::types::{ServiceDocument, TypeKind, TypeSystemDefinition};

/// Types that the SDL does not contain: those of introspection and the built-in scalars.
const BUILT_IN_TYPES: usize = 16;
/// Directives, their locations and their arguments, including the built-in ones.
const DIRECTIVES: usize = 10;

/// The size of a list of introspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The mean size, over all types or fields. At least one.
    pub(super) mean: usize,
    /// The largest size.
    pub(super) most: usize,
}

/// The sizes of all lists.
pub(super) struct Extents(HashMap<&'static str, Extent>);

impl Extents {
    pub(super) fn of(schema: &ServiceDocument) -> Self {
        let mut sizes: HashMap<&'static str, Vec<usize>> = HashMap::new();
        let mut implementations: HashMap<&str, usize> = HashMap::new();
        let mut types = BUILT_IN_TYPES;
        for definition in &schema.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            types += 1;
            let mut add = |list, size| sizes.entry(list).or_default().push(size);
            let (fields, interfaces) = match &definition.node.kind {
                TypeKind::Object(object) => (&object.fields, &object.implements),
                TypeKind::Interface(interface) => (&interface.fields, &interface.implements),
                TypeKind::Union(union) => {
                    add("possibleTypes", union.members.len());
                    continue;
                }
                TypeKind::Enum(definition) => {
                    add("enumValues", definition.values.len());
                    continue;
                }
                TypeKind::InputObject(input) => {
                    add("inputFields", input.fields.len());
                    continue;
                }
                TypeKind::Scalar => continue,
            };
            add("fields", fields.len());
            add("interfaces", interfaces.len());
            for field in fields {
                add("args", field.node.arguments.len());
            }
            for interface in interfaces {
                *implementations.entry(interface.node.as_str()).or_default() += 1;
            }
        }
        sizes.entry("possibleTypes").or_default().extend(implementations.into_values());
        let fields = sizes.get("args").map_or(0, Vec::len);
        let extents = sizes.into_iter().map(|(list, sizes)| {
            let of = if list == "args" { fields } else { types };
            let mean = sizes.iter().sum::<usize>().div_ceil(of.max(1)).max(1);
            (list, Extent { mean, most: sizes.into_iter().max().unwrap_or(1).max(1) })
        });
        let mut extents: HashMap<_, _> = extents.collect();
        extents.insert("types", Extent { mean: types, most: types });
        Self(extents)
    }

    pub(super) fn get(&self, list: &str) -> Extent {
        self.0.get(list).copied().unwrap_or(Extent { mean: DIRECTIVES, most: DIRECTIVES })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_schema;

    use super::*;

    #[test]
    fn sizes_are_those_of_the_schema() {
        let sdl = "
            type Query { a(x: Int, y: Int, z: Int): Int b: Int c: Int }
            interface Node { id: ID! } type A implements Node { id: ID! } type B implements Node { id: ID! }
            union Any = A | B enum Color { RED GREEN } input I { a: Int b: Int c: Int d: Int }
        ";
        let extents = Extents::of(&parse_schema(sdl).unwrap());
        let most = |list| extents.get(list).most;
        assert_eq!((most("fields"), most("args"), most("possibleTypes")), (3, 3, 2));
        assert_eq!((most("enumValues"), most("inputFields"), most("interfaces")), (2, 4, 1));
        assert_eq!(extents.get("args").mean, 1);
        assert_eq!(extents.get("types").most, BUILT_IN_TYPES + 7);
    }
}
