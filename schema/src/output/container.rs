//! Objects, interfaces and unions.

use std::{any::type_name, borrow::Cow, collections::HashSet, future::Future, slice::Iter};

use async_graphql::{
    Context, ContextBase, ContextSelectionSet, Error, Name, OutputType, Positioned, ServerError,
    ServerResult, Value,
    indexmap::{IndexMap, map::Entry},
    parser::types::{Field, Selection, SelectionSet},
};
use futures::{FutureExt as _, future::BoxFuture};

use super::{join::join, json};

/// The number of keys that are compared with each other; more are put into a set.
const FEW: usize = 16;

/// A type with fields. The macros of the library implement it.
pub trait ContainerType: OutputType {
    /// Resolves a field; `None` if the type has no such field.
    fn resolve_field(&self, ctx: &Context<'_>) -> impl Future<Output = ServerResult<Option<Value>>> + Send;

    /// An interface or a union passes the call to its object; an object adds the future that resolves it.
    ///
    /// # Errors
    /// None; the generated code expects a `Result`.
    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        if fields.asked != type_name::<Self>() {
            let ctx = ctx.clone();
            fields.object = Some(async move { resolve_object(&ctx, self).await }.boxed());
        }
        Ok(())
    }

    /// Part of the generated code, for federation, which is not used.
    #[expect(dead_code, reason = "the generated code implements it")]
    fn find_entity(
        &self,
        _: &Context<'_>,
        _: &Value,
    ) -> impl Future<Output = ServerResult<Option<Value>>> + Send {
        std::future::ready(Ok(None))
    }
}

/// An object type.
pub trait ObjectType: ContainerType {}

/// An interface. The only one of the schema, `Node`, needs no macro.
#[cfg(test)]
pub trait InterfaceType: ContainerType {}

/// A union.
pub trait UnionType: ContainerType {}

impl<T: ContainerType + ?Sized> ContainerType for &T {
    fn resolve_field(&self, ctx: &Context<'_>) -> impl Future<Output = ServerResult<Option<Value>>> + Send {
        T::resolve_field(*self, ctx)
    }
}

impl<T: ObjectType + ?Sized> ObjectType for &T {}

/// Finds the object of an interface or a union.
pub struct Fields<'a> {
    /// The Rust name of the type that is resolved. If that is an object, it adds nothing.
    asked: &'static str,
    /// The future that resolves the object.
    object: Option<BoxFuture<'a, ServerResult<Value>>>,
}

/// Resolves the selected fields of an object, or of the object in an interface or a union.
///
/// # Errors
/// The first error of a field that is not nullable.
pub async fn resolve_container<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    container: &'a T,
) -> ServerResult<Value> {
    let mut fields = Fields { asked: type_name::<T>(), object: None };
    container.collect_all_fields(ctx, &mut fields)?;
    match fields.object {
        Some(object) => object.await,
        None => resolve_object(ctx, container).await,
    }
}

async fn resolve_object<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    object: &'a T,
) -> ServerResult<Value> {
    let selected = || Selected::new(ctx, T::type_name);
    let mut values = Vec::new();
    values.resize_with(selected().count(), || Value::Null);
    join(selected().zip(&mut values), |field| resolve_field(ctx, object, field)).await?;
    Ok(write_object(&selected(), values))
}

/// Writes an object with these values of the selected fields.
fn write_object(selected: &Selected<'_>, values: Vec<Value>) -> Value {
    let keys = || selected.clone().map(|field| &field.node.response_key().node);
    if are_different(keys(), values.len()) {
        return json::object(|| keys().zip(&values));
    }
    // A response key that is selected twice has one place in the object, with the fields of both values.
    let mut map = IndexMap::with_capacity(values.len());
    for (key, value) in keys().zip(values) {
        insert(&mut map, key.clone(), value);
    }
    json::object(|| map.iter())
}

/// Whether each of these keys occurs once.
fn are_different<'a>(keys: impl Iterator<Item = &'a Name>, count: usize) -> bool {
    if count > FEW {
        return keys.collect::<HashSet<_>>().len() == count;
    }
    let mut earlier = [""; FEW];
    (0..count).zip(keys).all(|(index, key)| {
        let different = !earlier[..index].contains(&key.as_str());
        earlier[index] = key;
        different
    })
}

async fn resolve_field<'a, T: ContainerType + ?Sized>(
    ctx: &'a ContextSelectionSet<'a>,
    object: &'a T,
    field: &'a Positioned<Field>,
) -> ServerResult<Value> {
    if field.node.name.node == "__typename" {
        return Ok(Value::String(object.introspection_type_name().into_owned()));
    }
    let ctx = ctx.with_field(field);
    Ok(object.resolve_field(&ctx).await?.unwrap_or_default())
}

/// The selected fields of an object in their order, including those of fragments.
#[derive(Clone)]
struct Selected<'a> {
    ctx: &'a ContextSelectionSet<'a>,
    /// The name of the type of the object.
    type_name: fn() -> Cow<'static, str>,
    items: Iter<'a, Positioned<Selection>>,
    /// The remaining selections around a fragment.
    around: Vec<Iter<'a, Positioned<Selection>>>,
}

impl<'a> Selected<'a> {
    fn new(ctx: &'a ContextSelectionSet<'a>, type_name: fn() -> Cow<'static, str>) -> Self {
        Self { ctx, type_name, items: ctx.item.node.items.iter(), around: Vec::new() }
    }

    /// The selection of a fragment, if the fragment applies to the object.
    fn within(&self, selection: &'a Selection) -> Option<&'a SelectionSet> {
        let (condition, set) = match selection {
            Selection::Field(_) => return None,
            Selection::InlineFragment(fragment) => {
                (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
            }
            Selection::FragmentSpread(spread) => {
                // Validation ensures that the fragment exists.
                let fragment = self.ctx.query_env.fragments.get(&spread.node.fragment_name.node)?;
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
        };
        let applies = condition.is_none_or(|condition| {
            let (condition, name) = (condition.node.on.node.as_str(), (self.type_name)());
            let types = &self.ctx.schema_env.registry.types;
            condition == name || types.get(condition).is_some_and(|ty| ty.is_possible_type(&name))
        });
        applies.then_some(&set.node)
    }
}

impl<'a> Iterator for Selected<'a> {
    type Item = &'a Positioned<Field>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(selection) = self.items.next() else {
                self.items = self.around.pop()?;
                continue;
            };
            if let Selection::Field(field) = &selection.node {
                return Some(field);
            }
            if let Some(set) = self.within(&selection.node) {
                self.around.push(std::mem::replace(&mut self.items, set.items.iter()));
            }
        }
    }
}

/// Adds a field to an object, and merges it with an earlier value of the same response key.
fn insert(map: &mut IndexMap<Name, Value>, name: Name, value: Value) {
    match map.entry(name) {
        Entry::Vacant(place) => {
            place.insert(value);
        }
        Entry::Occupied(mut there) => {
            let there = there.get_mut();
            *there = json::tree(std::mem::take(there));
            merge(there, json::tree(value));
        }
    }
}

fn merge(there: &mut Value, value: Value) {
    match (there, value) {
        (Value::Object(there), Value::Object(fields)) => {
            for (name, value) in fields {
                insert(there, name, value);
            }
        }
        (Value::List(there), Value::List(items)) => {
            for (there, item) in there.iter_mut().zip(items) {
                // The library merges objects in lists, and nothing else.
                if matches!(there, Value::Object(_)) {
                    merge(there, item);
                }
            }
        }
        _ => {}
    }
}

/// Resolves a field whose value needs no waiting.
///
/// # Errors
/// Those of the value.
pub async fn resolve_simple_field_value<T: OutputType + ?Sized>(
    ctx: &Context<'_>,
    value: &T,
) -> ServerResult<Option<Value>> {
    let selected = ctx.with_selection_set(&ctx.item.node.selection_set);
    value.resolve(&selected, ctx.item).await.map(Some).map_err(|error| placed(ctx, error))
}

/// Sets the path of an error that has none. A path that is set leads to a nested field, which is more precise.
pub(super) fn placed<T>(ctx: &ContextBase<'_, T>, error: ServerError) -> ServerError {
    if error.path.is_empty() { ctx.set_error_path(error) } else { error }
}

/// Awaits and resolves an edge.
pub fn resolve_field_async<'a, T, E>(
    ctx: &'a Context<'a>,
    value: impl Future<Output = Result<T, E>> + Send + 'a,
) -> BoxFuture<'a, ServerResult<Option<Value>>>
where
    T: OutputType + Send,
    E: Into<Error> + Send + Sync,
{
    async move {
        let value =
            value.await.map_err(|error| ctx.set_error_path(error.into().into_server_error(ctx.item.pos)))?;
        let selected = ctx.with_selection_set(&ctx.item.node.selection_set);
        value.resolve(&selected, ctx.item).await.map(Some)
    }
    .boxed()
}
