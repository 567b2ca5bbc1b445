//! The selected fields of an object.

use std::{borrow::Cow, slice::Iter};

use async_graphql::{
    ContextSelectionSet, Positioned,
    parser::types::{Field, Selection, SelectionSet},
};

/// The selected fields of an object in their order, including those of fragments.
#[derive(Clone)]
pub(crate) struct Selected<'a> {
    ctx: &'a ContextSelectionSet<'a>,
    /// The name of the type of the object.
    type_name: fn() -> Cow<'static, str>,
    items: Iter<'a, Positioned<Selection>>,
    /// The remaining selections around a fragment.
    around: Vec<Iter<'a, Positioned<Selection>>>,
}

impl<'a> Selected<'a> {
    pub(crate) fn new(ctx: &'a ContextSelectionSet<'a>, type_name: fn() -> Cow<'static, str>) -> Self {
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

    /// The next field from a fragment on, or after the end of a fragment.
    fn next_around(&mut self, mut selection: Option<&'a Selection>) -> Option<&'a Positioned<Field>> {
        loop {
            match selection {
                Some(Selection::Field(field)) => return Some(field),
                Some(fragment) => {
                    if let Some(set) = self.within(fragment) {
                        self.around.push(std::mem::replace(&mut self.items, set.items.iter()));
                    }
                }
                None => self.items = self.around.pop()?,
            }
            selection = self.items.next().map(|selection| &selection.node);
        }
    }
}

impl<'a> Iterator for Selected<'a> {
    type Item = &'a Positioned<Field>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.items.next().map(|selection| &selection.node) {
            Some(Selection::Field(field)) => Some(field),
            None if self.around.is_empty() => None,
            fragment => self.next_around(fragment),
        }
    }
}
