//! Directives on `__typename`. The validation of the library ignores them, and reports their variables as unused.
//! Therefore they are moved to an inline fragment that contains the field, which is equivalent.

use async_graphql::{
    Positioned,
    parser::types::{ExecutableDocument, InlineFragment, Selection, SelectionSet},
};

pub(crate) fn normalize(document: &mut ExecutableDocument) {
    use async_graphql::parser::types::DocumentOperations;
    match &mut document.operations {
        DocumentOperations::Single(operation) => within(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(named) => {
            for operation in named.values_mut() {
                within(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        within(&mut fragment.node.selection_set.node);
    }
}

fn within(set: &mut SelectionSet) {
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) if field.node.name.node != "__typename" => {
                within(&mut field.node.selection_set.node);
            }
            Selection::Field(field) if !field.node.directives.is_empty() => {
                let directives = std::mem::take(&mut field.node.directives);
                let inner = Positioned::new(item.node.clone(), item.pos);
                let fragment = InlineFragment {
                    type_condition: None,
                    directives,
                    selection_set: Positioned::new(SelectionSet { items: vec![inner] }, item.pos),
                };
                item.node = Selection::InlineFragment(Positioned::new(fragment, item.pos));
            }
            Selection::Field(_) | Selection::FragmentSpread(_) => {}
            Selection::InlineFragment(fragment) => within(&mut fragment.node.selection_set.node),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        EmptyMutation, EmptySubscription, Object, Request, Schema, Variables, parser::parse_query,
    };

    use super::*;

    struct Query;

    #[Object]
    impl Query {
        async fn one(&self) -> i32 {
            1
        }
    }

    fn ask(query: &str, x: bool) -> serde_json::Value {
        let mut document = parse_query(query).unwrap();
        normalize(&mut document);
        let mut request = Request::new(query).variables(Variables::from_json(serde_json::json!({ "x": x })));
        request.set_parsed_query(document);
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        serde_json::to_value(futures::executor::block_on(schema.execute(request))).unwrap()["data"].clone()
    }

    #[test]
    fn typename_is_included_or_skipped_by_a_variable() {
        let query = "query($x: Boolean!) { b: __typename @include(if: $x) one }";
        assert_eq!(ask(query, true), serde_json::json!({ "b": "Query", "one": 1 }));
        assert_eq!(ask(query, false), serde_json::json!({ "one": 1 }));
        let spread = "query($x: Boolean!) { ...F } fragment F on Query { __typename @skip(if: $x) one }";
        assert_eq!(ask(spread, true), serde_json::json!({ "one": 1 }));
    }
}
