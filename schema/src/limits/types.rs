//! The fields of the schema that measuring needs, each with its type and its number of items.

use std::collections::HashMap;

use async_graphql::parser::{
    parse_query, parse_schema,
    types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition},
};

use super::{
    Variables,
    extents::{Extent, Extents},
    measure::measure,
};
use crate::choice::named;

/// Assumed number of items of a list without page arguments.
const UNPAGED: usize = 10;

/// The fields of introspection, which the SDL does not contain. Their lists have the sizes that the SDL has.
const INTROSPECTION: &str = "
    type __Schema { description: String types: [__Type!]! queryType: __Type! mutationType: __Type
        subscriptionType: __Type directives: [__Directive!]! }
    type __Type { kind: String! name: String description: String specifiedByURL: String isOneOf: Boolean
        fields: [__Field!] interfaces: [__Type!] possibleTypes: [__Type!] enumValues: [__EnumValue!]
        inputFields: [__InputValue!] ofType: __Type }
    type __Field { name: String! description: String args: [__InputValue!] type: __Type! isDeprecated: Boolean!
        deprecationReason: String }
    type __InputValue { name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean!
        deprecationReason: String }
    type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
    type __Directive { name: String! description: String isRepeatable: Boolean! locations: [String!]
        args: [__InputValue!] }
";

/// The properties of a field that determine its cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldType {
    /// The type of its value, or of the items of its list.
    pub(super) ty: String,
    pub(super) size: Size,
}

/// The number of values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// One, or a list whose items are counted with its parent: the edges of a connection.
    One,
    /// The argument `first` or `last`.
    Page,
    /// The number of items of this argument.
    Ids,
    /// A list without arguments.
    List(usize),
    /// A list of introspection.
    Introspected(Extent),
}

/// The query with which clients read the whole schema.
const WHOLE_SCHEMA: &str = include_str!("introspection.graphql");
/// How many times the whole schema an operation can read.
const SCHEMAS: usize = 2;

/// The fields of all types.
pub(crate) struct Types {
    types: HashMap<String, HashMap<String, FieldType>>,
    /// Maximum number of fields of introspection of an operation; 0 if introspection is disabled.
    introspection: usize,
}

impl Types {
    /// Reads them from the SDL.
    ///
    /// # Errors
    /// If the SDL does not parse.
    pub(crate) fn of(sdl: &str) -> Result<Self, async_graphql::parser::Error> {
        let mut types = HashMap::new();
        let extents = Extents::of(&parse_schema(sdl)?);
        for (sdl, introspected) in [(sdl, false), (INTROSPECTION, true)] {
            for definition in parse_schema(sdl)?.definitions {
                let TypeSystemDefinition::Type(definition) = definition else { continue };
                let fields = match definition.node.kind {
                    TypeKind::Object(object) => object.fields,
                    TypeKind::Interface(interface) => interface.fields,
                    _ => continue,
                };
                let name = definition.node.name.node.to_string();
                let paged = name.ends_with("Connection");
                let fields = fields.into_iter().map(|field| {
                    let size = match size(&field.node, paged) {
                        Size::List(_) if introspected => {
                            Size::Introspected(extents.get(field.node.name.node.as_str()))
                        }
                        size => size,
                    };
                    let ty = item_type(&field.node.ty.node).to_owned();
                    (field.node.name.node.to_string(), FieldType { ty, size })
                });
                types.insert(name, fields.collect());
            }
        }
        let mut types = Self { types, introspection: usize::MAX };
        let whole = parse_query(WHOLE_SCHEMA)?;
        let operation = named(&whole, None);
        let size = operation.and_then(|operation| measure(&types, &whole, operation, &Variables::new()));
        types.introspection = size.map_or(0, |size| size.operation.schema).saturating_mul(SCHEMAS);
        Ok(types)
    }

    /// Disables introspection.
    pub(crate) fn forbid_introspection(&mut self) {
        self.introspection = 0;
    }

    pub(super) fn introspection(&self) -> usize {
        self.introspection
    }

    /// The number of fields of a type.
    pub(super) fn count(&self, ty: &str) -> usize {
        self.types.get(ty).map_or(0, HashMap::len)
    }

    pub(super) fn field(&self, ty: &str, name: &str) -> Option<&FieldType> {
        self.types.get(ty)?.get(name)
    }
}

fn size(field: &FieldDefinition, of_connection: bool) -> Size {
    let takes = |name: &str| field.arguments.iter().any(|argument| argument.node.name.node == name);
    let is_list = matches!(field.ty.node.base, BaseType::List(_));
    match is_list {
        _ if takes("first") => Size::Page,
        true if takes("ids") => Size::Ids,
        true if !of_connection => Size::List(UNPAGED),
        _ => Size::One,
    }
}

fn item_type(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => item_type(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_arguments_and_types() {
        let sdl = "
            type Query { things(first: Int, after: String): ThingConnection! nodes(ids: [ID!]!): [Thing]! one: Thing }
            type ThingConnection { edges: [ThingEdge!]! }
            type ThingEdge { node: Thing! }
            type Thing { tags: [String!]! }
        ";
        let types = Types::of(sdl).unwrap();
        let size = |ty, field| types.field(ty, field).unwrap().size;
        assert_eq!(size("Query", "things"), Size::Page);
        assert_eq!(size("Query", "nodes"), Size::Ids);
        assert_eq!(size("Query", "one"), Size::One);
        assert_eq!(size("ThingConnection", "edges"), Size::One);
        assert_eq!(size("Thing", "tags"), Size::List(UNPAGED));
        assert_eq!(types.field("__Type", "possibleTypes").unwrap().ty, "__Type");
        assert!(matches!(size("__Type", "fields"), Size::Introspected(extent) if extent.most == 3));
        assert_eq!((types.count("Query"), types.count("No")), (3, 0));
    }
}
