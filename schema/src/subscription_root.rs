//! The root selection of a subscription. The specification requires exactly one field, possibly in fragments. The
//! library ignores fragments there and accepts several fields.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet},
};

use crate::choice::chosen;

const ONE_FIELD: &str = "a subscription selects exactly one field at its root";

/// Replaces the fragments of the root selection by the field that they contain.
///
/// # Errors
/// A message, if there is not exactly one field or it is a field of introspection.
pub(crate) fn normalize(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), &'static str> {
    let fragments = document.fragments.clone();
    let Ok(operation) = chosen(document, name) else { return Ok(()) };
    let root = &mut operation.selection_set.node;
    if let [one] = root.items.as_slice()
        && let Selection::Field(field) = &one.node
    {
        return allowed(&field.node);
    }
    let mut fields: Vec<Positioned<Field>> = Vec::new();
    let mut entered = HashSet::new();
    let mut pending: Vec<(Positioned<Selection>, Vec<Positioned<Directive>>)> =
        root.items.drain(..).rev().map(|item| (item, Vec::new())).collect();
    while let Some((selection, mut directives)) = pending.pop() {
        let within = match selection.node {
            Selection::Field(mut field) => {
                field.node.directives.append(&mut directives);
                merge(&mut fields, field)?;
                continue;
            }
            Selection::InlineFragment(mut fragment) => {
                directives.append(&mut fragment.node.directives);
                fragment.node.selection_set
            }
            Selection::FragmentSpread(mut spread) => {
                directives.append(&mut spread.node.directives);
                let name = spread.node.fragment_name.node;
                let Some(fragment) = fragments.get(&name) else {
                    return Err("an unknown fragment is spread");
                };
                if !entered.insert(name) {
                    continue;
                }
                fragment.node.selection_set.clone()
            }
        };
        pending.extend(within.node.items.into_iter().rev().map(|item| (item, directives.clone())));
    }
    for field in &fields {
        allowed(&field.node)?;
    }
    root.items =
        fields.into_iter().map(|field| Positioned::new(Selection::Field(field.clone()), field.pos)).collect();
    remove_unused(document, &entered);
    Ok(())
}

fn allowed(field: &Field) -> Result<(), &'static str> {
    if field.name.node.starts_with("__") {
        return Err("a subscription cannot select a field of introspection at its root");
    }
    Ok(())
}

/// Merges the selections of equal fields.
fn merge(fields: &mut Vec<Positioned<Field>>, mut field: Positioned<Field>) -> Result<(), &'static str> {
    let Some(first) = fields.first_mut() else {
        fields.push(field);
        return Ok(());
    };
    let same = first.node.response_key().node == field.node.response_key().node
        && first.node.name.node == field.node.name.node
        && values(&first.node) == values(&field.node);
    if !same {
        return Err(ONE_FIELD);
    }
    first.node.selection_set.node.items.append(&mut field.node.selection_set.node.items);
    Ok(())
}

fn values(field: &Field) -> Vec<(&Name, String)> {
    field.arguments.iter().map(|(name, value)| (&name.node, value.node.to_string())).collect()
}

/// Removes inlined fragments that are not used elsewhere, as validation refuses unused fragments.
fn remove_unused(document: &mut ExecutableDocument, inlined: &HashSet<Name>) {
    let mut used = HashSet::new();
    for (_, operation) in document.operations.iter() {
        spread_in(&operation.node.selection_set.node, &mut used);
    }
    let mut reached: HashSet<Name> = HashSet::new();
    let mut pending: Vec<Name> = used.into_iter().collect();
    while let Some(name) = pending.pop() {
        if reached.insert(name.clone())
            && let Some(fragment) = document.fragments.get(&name)
        {
            let mut within = HashSet::new();
            spread_in(&fragment.node.selection_set.node, &mut within);
            pending.extend(within);
        }
    }
    document.fragments.retain(|name, _| reached.contains(name) || !inlined.contains(name));
}

fn spread_in(set: &SelectionSet, names: &mut HashSet<Name>) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => spread_in(&field.node.selection_set.node, names),
            Selection::InlineFragment(fragment) => spread_in(&fragment.node.selection_set.node, names),
            Selection::FragmentSpread(spread) => {
                names.insert(spread.node.fragment_name.node.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn roots(query: &str) -> Result<Vec<String>, &'static str> {
        let mut document = parse_query(query).unwrap();
        normalize(&mut document, None)?;
        let operation = chosen(&mut document, None).unwrap();
        let roots = operation.selection_set.node.items.iter().map(|item| match &item.node {
            Selection::Field(field) => field.node.response_key().node.to_string(),
            _ => "fragment".to_owned(),
        });
        Ok(roots.collect())
    }

    #[test]
    fn fragments_at_the_root_are_inlined() {
        let one = Ok(vec!["a".to_owned()]);
        assert_eq!(roots("subscription { a { b } }"), one);
        assert_eq!(roots("subscription { ... { a { b } } }"), one);
        assert_eq!(
            roots("subscription { ...F } fragment F on Subscription { ...G } fragment G on S { a { b } }"),
            one
        );
        assert_eq!(roots("subscription { a { b } ... { a { c } } }"), one);
    }

    #[test]
    fn two_fields_are_refused() {
        assert_eq!(roots("subscription { a b }"), Err(ONE_FIELD));
        assert_eq!(roots("subscription { a ...F } fragment F on Subscription { b }"), Err(ONE_FIELD));
        assert_eq!(roots("subscription { x: a(i: 1) ... { x: a(i: 2) } }"), Err(ONE_FIELD));
    }

    #[test]
    fn introspection_is_refused_and_cycles_terminate() {
        assert!(roots("subscription { __typename }").is_err());
        assert!(roots("subscription { ...F } fragment F on Subscription { ...F a }").is_ok());
    }
}
