//! Compares the objects of `output` with those of the library, by random documents over one schema.

mod writer;

use async_graphql::{
    EmptyMutation, EmptySubscription, PathSegment, Request, Response, Schema, ServerError, Value, Variables,
};
use triptych_services::page::{KeyKind, KeyValue, Page, PageArgs, Window, slice};
use writer::Writer;

use crate::output::json;

mod library {
    use async_graphql as output;
    use async_graphql::connection::{Connection, Edge, EmptyFields};
    use triptych_services::page::Total;

    type Items<T> = Vec<T>;

    pub struct Totals(Total);

    #[Object(name = "ConnectionTotals")]
    impl Totals {
        async fn total_count(&self) -> Result<i32> {
            Ok(i32::try_from(self.0.get().await?)?)
        }
    }

    pub type List<T> = Connection<String, T, Totals, EmptyFields>;

    fn list<T: async_graphql::OutputType>(items: Vec<T>, seed: u64) -> List<T> {
        let page = super::page(items, seed);
        let mut list =
            Connection::with_additional_fields(page.has_previous, page.has_next, Totals(page.total));
        list.edges.extend(page.items.into_iter().map(|item| Edge::new(item.cursor(), item.node)));
        list
    }

    include!("objects.inc");
}

mod ours {
    use crate::{
        connection::Connection as List,
        output::{self, Items, ObjectType},
    };

    fn list<T: ObjectType>(items: Vec<T>, seed: u64) -> List<T> {
        List::of(super::page(items, seed), |item| item)
    }

    include!("objects.inc");
}

/// A page with a cursor for each item. Some pages have further items.
fn page<T>(items: Vec<T>, seed: u64) -> Page<T> {
    let first = seed.is_multiple_of(3).then_some(2);
    let window =
        Window::parse(&PageArgs { first, ..PageArgs::default() }, "items", &[KeyKind::Integer]).unwrap();
    slice(items, &window, |_| KeyValue::Integer(1))
}

/// The parts of an error that do not depend on its path.
fn known(error: &ServerError) -> (String, Vec<(usize, usize)>) {
    (error.message.clone(), error.locations.iter().map(|at| (at.line, at.column)).collect())
}

fn sorted(response: &Response) -> Vec<&ServerError> {
    let mut errors: Vec<&ServerError> = response.errors.iter().collect();
    errors.sort_by_key(|error| (known(error), format!("{:?}", error.path)));
    errors
}

/// The response key of the field at a position in the document.
fn key_at(document: &str, error: &ServerError) -> String {
    let at = error.locations[0];
    let line = document.lines().nth(at.line - 1).unwrap();
    line.chars().skip(at.column - 1).take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn text(data: &Value) -> String {
    let mut text = Vec::new();
    json::write(data, &mut text);
    String::from_utf8(text).unwrap()
}

fn compare(document: &str, theirs: &Response, ours: &Response) {
    assert_eq!(text(&theirs.data), text(&ours.data), "{document}");
    assert_eq!(
        theirs.errors.len(),
        ours.errors.len(),
        "{document}\n{:#?}\n{:#?}",
        theirs.errors,
        ours.errors
    );
    // Errors of the same level have no order.
    let (theirs, ours) = (sorted(theirs), sorted(ours));
    for (theirs, ours) in theirs.into_iter().zip(ours) {
        assert_eq!(known(theirs), known(ours), "{document}");
        // The library shortens a path where the error passes a list or a value that was not awaited.
        assert!(ours.path.starts_with(&theirs.path), "{document}\n{theirs:?}\n{ours:?}");
        if !ours.locations.is_empty() {
            let last = ours.path.iter().rev().find_map(|part| match part {
                PathSegment::Field(name) => Some(name.clone()),
                PathSegment::Index(_) => None,
            });
            assert_eq!(last, Some(key_at(document, ours)), "{document}\n{ours:?}");
        }
    }
}

/// Documents in a run of the test.
const DOCUMENTS: usize = 400;

#[tokio::test]
async fn random_documents_have_the_same_responses() {
    let theirs =
        Schema::build(library::Query, EmptyMutation, EmptySubscription).limit_complexity(usize::MAX).finish();
    let ours =
        Schema::build(ours::Query, EmptyMutation, EmptySubscription).limit_complexity(usize::MAX).finish();
    let mut writer = Writer::new();
    let (mut with_errors, mut without_data, mut size) = (0, 0, 0);
    for _ in 0..DOCUMENTS {
        let document = writer.document();
        let request = || {
            Request::new(document.clone())
                .variables(Variables::from_json(serde_json::json!({ "yes": true, "no": false, "n": 2 })))
        };
        let (theirs, ours) = (theirs.execute(request()).await, ours.execute(request()).await);
        with_errors += usize::from(!theirs.errors.is_empty());
        without_data += usize::from(theirs.data == Value::Null);
        size += text(&ours.data).len();
        compare(&document, &theirs, &ours);
    }
    // The documents are worth comparing: many have errors, most have data.
    assert!(with_errors > DOCUMENTS / 10 && without_data < DOCUMENTS / 2 && size > DOCUMENTS * 100);
}

#[test]
fn the_schemas_are_equal() {
    let theirs = Schema::build(library::Query, EmptyMutation, EmptySubscription).finish().sdl();
    let ours = Schema::build(ours::Query, EmptyMutation, EmptySubscription).finish().sdl();
    assert_eq!(without_descriptions(&theirs), without_descriptions(&ours));
}

/// The descriptions of connections differ.
fn without_descriptions(sdl: &str) -> String {
    sdl.split("\"\"\"").step_by(2).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
