//! Resolution of objects: a field that reads memory costs no allocation, and only edges are awaited.
//!
//! The library resolves each field of each object in a boxed future and awaits all of them together. Most fields have
//! their value at hand, and a response of a thousand fields spends most of its time on those futures. Here the fields
//! of an object are polled one after the other in the same place. Values that are ready are taken; only futures that
//! wait are kept, and awaited together. A field whose value is known is written as JSON ([`json`]). The responses are
//! those of the library: the values, their order, and errors with their locations.
//!
//! The macros of the library generate code against the paths of the library, and accept another root for them:
//! `#[Object(crate = "crate::output")]`, or `#[graphql(crate = "crate::output")]` on a derive. This module is that
//! root. It exports the names that the generated code uses, and replaces [`resolver_utils`] and the traits of
//! containers; types, descriptions, arguments, complexity and visibility remain the library's.
//!
//! In an `#[Object]`, a field that reads memory is a `fn` and an edge is an `async fn`. The future of an edge is boxed,
//! so that it does not enlarge the place of its siblings; so is that of an object that is the value of a field. A list
//! of objects is [`Items`], because the library's `Vec` creates a future for each item; its items are resolved in one
//! place. An id is [`Id`].
//!
//! Differences from the library:
//! - The path of an error leads to the field that failed. The library shortens the path where the error passes a list
//!   or a value that was not awaited.
//! - Of several errors in more than 30 fields or items, another one may be reported first.
//! - `#[ComplexObject]` does not compile, and hooks of extensions and custom directives of single fields are not
//!   called. The roots (query, mutation, subscription) are objects of the library.
//! - Objects that contain each other by value, without an `async fn` or [`Items`] between them, do not compile.
//! - The generated code differs between versions of the library, so the version is pinned.

#[cfg(test)]
mod budget;
#[cfg(test)]
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    reason = "fields of GraphQL objects have this form"
)]
mod conformity;
mod container;
mod id;
mod items;
mod join;
pub(crate) mod json;
mod selected;
mod writer;

pub use async_graphql::{
    Context, ContextSelectionSet, Error, InputType, OutputType, Positioned, Result, ServerResult, TypeName,
    Value, indexmap, parser, registry, static_assertions_next,
};

#[cfg(test)]
pub use container::InterfaceType;
pub use container::{ContainerType, ObjectType, UnionType};
pub use id::Id;
pub use items::{Item, Items};
pub(crate) use selected::Selected;

/// What the generated code calls.
pub mod resolver_utils {
    pub use async_graphql::resolver_utils::find_entity_params;

    pub use super::container::{
        ContainerType, Fields, resolve_container, resolve_field_async, resolve_simple_field_value,
    };
}
