//! Tests of the measure of documents.

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
    crate::choice::chosen(&mut document, None).unwrap();
    let operation = crate::choice::named(&document, None).unwrap();
    let variables = variables.as_object().unwrap().clone();
    Some(measure(&Types::of(SDL).unwrap(), &document, operation, &variables)?.operation)
}

fn document(query: &str, name: &str, variables: serde_json::Value) -> Document {
    let document = parse_query(query).unwrap();
    let operation = crate::choice::named(&document, Some(name)).unwrap();
    let variables = variables.as_object().unwrap().clone();
    measure(&Types::of(SDL).unwrap(), &document, operation, &variables).unwrap()
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
    assert_eq!(size("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", json!({})), None);
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

#[test]
fn a_chain_without_fields_is_counted() {
    let chain = (0..40).map(|n| format!(" fragment F{n} on Query {{ ...F{m} ...F{m} }}", m = n + 1));
    let query = format!("query A {{ ...F0 }}{}", chain.collect::<String>());
    assert!(document(&query, "A", json!({})).selections > 1 << 40);
}

#[test]
fn operations_and_fragments_that_are_not_used_are_counted() {
    let chain = (0..40).map(|n| format!(" fragment F{n} on Query {{ ...F{m} ...F{m} }}", m = n + 1));
    let chain = chain.collect::<String>() + " fragment F40 on Query { __typename }";
    let operation = document(&format!("query A {{ a }} query B {{ ...F0 }} {chain}"), "A", json!({}));
    assert!(operation.selections > 1 << 40);
    assert_eq!(operation.operation.fields, 1);
    let fragments = document(&format!("query A {{ a }} {chain}"), "A", json!({}));
    assert!(fragments.selections > 1 << 40);
    let values = document("query A { a } fragment F on Query { nodes(ids: [1, 2]) { id } }", "A", json!({}));
    assert_eq!(values.values, 3);
}

#[test]
fn fields_of_fragments_are_compared_wherever_the_fragment_is_used() {
    let fields = "__typename ".repeat(100);
    let query = format!("query A {{ {} }} fragment F on Query {{ {fields} }}", "a { ...F } ".repeat(50));
    let size = document(&query, "A", json!({}));
    // Visited in the operation, compared in each set with the fragment, and in the fragment itself.
    assert_eq!(size.selections, 50 * 102 + 50 + 50 * 101 + 100);
}

#[test]
fn values_multiply_by_their_uses_and_lists() {
    let query =
        "query A($v: X) { things(first: 10) { nodes { things(x: $v) { totalCount } } } nodes(ids: [$v]) }";
    assert_eq!(document(query, "A", json!({ "v": [1, 2, 3] })).values, 1 + 10 * 4 + 5);
}

#[test]
fn unknown_names_cost_the_search_of_similar_ones() {
    let selections = |name: &str| document(&format!("query A {{ {name} }}"), "A", json!({})).selections;
    assert!(selections(&"x".repeat(3200)) >= 300 && selections("x") < 10);
}

#[test]
fn introspection_has_the_size_of_the_schema() {
    let schema = |query: &str| size(query, json!({})).unwrap().schema;
    let types = schema("{ __schema { types { name } } }");
    assert!((16..40).contains(&types), "{types}");
    assert_eq!(schema("{ __type(name: \"Query\") { fields { name } } }"), 1 + 1 + 3);
    assert!(schema("{ __type(name: \"Query\") { fields { args { name } } } }") == 1 + 1 + 3 * (1 + 2));
    assert_eq!(fields("{ __schema { types { name } } }"), 1);
}
