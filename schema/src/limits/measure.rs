//! Measures the size of an operation, and the cost of validating the document that contains it.

use std::collections::HashMap;

use async_graphql::{
    Positioned,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};
use triptych_services::page::{DEFAULT_PAGE, MAX_PAGE};

use super::{
    types::{Size, Types},
    values::{Arguments, Variables},
};

/// Maximum nesting of `fields`, `interfaces`, `possibleTypes` and `inputFields` of introspection. The query of GraphiQL
/// has one level; each further level multiplies the response by the number of types or fields.
pub(super) const INTROSPECTION_LISTS: usize = 2;

/// The mutations that hash a password, which is slow on purpose.
const PASSWORD_FIELDS: [&str; 9] = [
    "signUp",
    "signIn",
    "changePassword",
    "acceptInvitation",
    "verifyEmail",
    "requestPasswordReset",
    "resetPassword",
    "deleteOrganization",
    "deleteAccount",
];

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
    /// Fields of introspection, each multiplied by the items of the lists that contain it.
    pub(super) schema: usize,
    /// Values of arguments with variables filled in, multiplied as the fields are.
    pub(super) values: usize,
    /// Mutations that hash a password.
    pub(super) passwords: usize,
    /// Fields and fragments, each counted wherever it is expanded.
    selections: usize,
    /// The selections of the same level: not those within fields.
    level: usize,
}

impl Measure {
    /// The size of a selection that is nested too deeply to be measured.
    const EXCESSIVE: Self = Self {
        depth: usize::MAX,
        fields: 0,
        aliases: 0,
        directives: 0,
        introspection: 0,
        schema: 0,
        values: 0,
        passwords: 0,
        selections: usize::MAX,
        level: 0,
    };

    /// The size of two selections of one selection set.
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            fields: self.fields.saturating_add(other.fields),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            introspection: self.introspection.max(other.introspection),
            schema: self.schema.saturating_add(other.schema),
            values: self.values.saturating_add(other.values),
            passwords: self.passwords.saturating_add(other.passwords),
            selections: self.selections.saturating_add(other.selections),
            level: self.level.saturating_add(other.level),
        }
    }
}

/// The size of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document {
    /// The size of the selected operation.
    pub(super) operation: Measure,
    /// Selections that the validation visits. It expands the fragments of all operations, also of those that are not
    /// selected, and compares the fields of each selection set with those of the fragments in it.
    pub(super) selections: usize,
    /// Values of the arguments of all operations and fragments.
    pub(super) values: usize,
}

/// Measures a document and one of its operations; `None` if a fragment includes itself.
pub(super) fn measure(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<Document> {
    let arguments = Arguments::of(operation, variables);
    let mut measuring =
        Measuring { types, document, arguments, fragments: HashMap::new(), level: 0, compared: 0 };
    let size = measuring.operation(operation)?;
    let (mut selections, mut values) = (size.selections, size.values);
    let others =
        document.operations.iter().filter(|(_, other)| !std::ptr::eq(&raw const other.node, operation));
    for (_, other) in others {
        measuring.arguments = Arguments::of(&other.node, variables);
        let size = measuring.operation(&other.node)?;
        selections = selections.saturating_add(size.selections);
        values = values.saturating_add(size.values);
    }
    for name in document.fragments.keys() {
        let size = measuring.fragment(name.as_str(), Within::Other)?;
        values = values.saturating_add(size.values);
    }
    selections = selections.saturating_add(measuring.compared);
    Some(Document { operation: size, selections, values })
}

/// Where a selection of introspection is, which determines the sizes of its lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Within {
    /// The list of all types: the sizes of the lists of its items have a known sum.
    Types,
    /// The fields of all types.
    FieldsOfTypes,
    Other,
}

struct Measuring<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    arguments: Arguments<'a>,
    /// The size of each fragment; `None` while it is being measured.
    fragments: HashMap<(&'a str, Within), Option<Measure>>,
    /// Number of selections that contain the current one.
    level: usize,
    /// Fields of all selection sets with those of the fragments in them.
    compared: usize,
}

impl<'a> Measuring<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Option<Measure> {
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let selected = self.selection(&operation.selection_set.node, root, Within::Other)?;
        Some(self.with_directives(selected, &operation.directives))
    }

    fn selection(&mut self, set: &'a SelectionSet, ty: &str, within: Within) -> Option<Measure> {
        if self.level == MAX_LEVELS {
            return Some(Measure::EXCESSIVE);
        }
        self.level += 1;
        let size = self.items(set, ty, within);
        self.level -= 1;
        self.compared = self.compared.saturating_add(size?.level);
        size
    }

    fn items(&mut self, set: &'a SelectionSet, ty: &str, within: Within) -> Option<Measure> {
        let mut size = Measure::default();
        for item in &set.items {
            let one = match &item.node {
                Selection::Field(field) => self.field(&field.node, ty, within)?,
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |condition| condition.node.on.node.as_str());
                    let inner = self.selection(&fragment.node.selection_set.node, ty, within)?;
                    self.expanded(inner, &fragment.node.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let inner = self.fragment(spread.node.fragment_name.node.as_str(), within)?;
                    self.expanded(inner, &spread.node.directives)
                }
            };
            size = size.beside(one);
        }
        Some(size)
    }

    /// A fragment at the place where it is used.
    fn expanded(&mut self, fragment: Measure, directives: &'a [Positioned<Directive>]) -> Measure {
        let size = self.with_directives(fragment, directives);
        Measure { selections: size.selections.saturating_add(1), level: size.level.saturating_add(1), ..size }
    }

    fn fragment(&mut self, name: &'a str, within: Within) -> Option<Measure> {
        let key = (name, within);
        if let Some(known) = self.fragments.get(&key) {
            return *known;
        }
        // Validation reports fragments that do not exist.
        let Some(fragment) = self.document.fragments.get(name) else { return Some(Measure::default()) };
        self.fragments.insert(key, None);
        let ty = fragment.node.type_condition.node.on.node.as_str();
        let size = self.selection(&fragment.node.selection_set.node, ty, within)?;
        let size = self.with_directives(size, &fragment.node.directives);
        self.fragments.insert(key, Some(size));
        Some(size)
    }

    fn field(&mut self, field: &'a Field, ty: &str, within: Within) -> Option<Measure> {
        let name = field.name.node.as_str();
        let (inner, count) = match (name, self.types.field(ty, name)) {
            ("__schema", _) => ("__Schema", 1),
            ("__type", _) => ("__Type", 1),
            // The field is `__typename`, or validation reports that it does not exist.
            (_, None) => ("", 1),
            (_, Some(known)) => (known.ty.as_str(), self.count(field, known.size, within)),
        };
        let size = self.selection(&field.selection_set.node, inner, inside(name, within))?;
        let nested =
            ty == "__Type" && matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        let size = self.with_directives(size, &field.directives);
        let arguments = field.arguments.iter().map(|(_, value)| &value.node);
        let arguments = arguments.fold(0, |sum: usize, value| sum.saturating_add(self.arguments.size(value)));
        let fields = size.fields.saturating_mul(count).saturating_add(1);
        let (fields, schema) =
            if matches!(name, "__schema" | "__type") { (1, fields) } else { (fields, size.schema) };
        Some(Measure {
            depth: size.depth.saturating_add(1),
            fields,
            aliases: size.aliases.saturating_add(usize::from(field.alias.is_some())),
            introspection: size.introspection + usize::from(nested),
            schema,
            values: size.values.saturating_mul(count).saturating_add(arguments),
            passwords: usize::from(ty == "Mutation" && PASSWORD_FIELDS.contains(&name)),
            selections: size.selections.saturating_add(self.search(field, ty)).saturating_add(1),
            level: 1,
            ..size
        })
    }

    /// The cost of searching names that are similar to those of a field and its arguments, in selections. Validation
    /// does so for unknown names.
    fn search(&self, field: &Field, ty: &str) -> usize {
        let name = field.name.node.as_str();
        let candidates = if self.types.field(ty, name).is_none() { self.types.count(ty) } else { 0 };
        let arguments = field.arguments.iter().map(|(name, _)| name.node.len() / 8).sum::<usize>();
        name.len() * candidates / 32 + arguments
    }

    fn count(&self, field: &Field, size: Size, within: Within) -> usize {
        match size {
            Size::One => 1,
            Size::List(count) => count,
            // At least one, so that an empty list does not hide the size of its selection.
            Size::Ids => self.arguments.length(field, "ids").unwrap_or(1).max(1),
            Size::Introspected(extent) => match (within, field.name.node.as_str()) {
                (Within::Types, _) | (Within::FieldsOfTypes, "args") => extent.mean,
                _ => extent.most,
            },
            Size::Page => {
                let asked =
                    ["first", "last"].into_iter().find_map(|name| self.arguments.integer(field, name));
                // A number out of range is refused when the field is resolved.
                let size = asked.map_or(DEFAULT_PAGE, |n| u64::try_from(n).unwrap_or(0).clamp(1, MAX_PAGE));
                usize::try_from(size).unwrap_or(usize::MAX)
            }
        }
    }

    fn with_directives(&mut self, size: Measure, directives: &'a [Positioned<Directive>]) -> Measure {
        let arguments = directives.iter().flat_map(|directive| &directive.node.arguments);
        let values =
            arguments.fold(0, |sum: usize, (_, value)| sum.saturating_add(self.arguments.size(&value.node)));
        Measure {
            directives: size.directives.saturating_add(directives.len()),
            values: size.values.saturating_add(values),
            ..size
        }
    }
}

/// Where the selection of a field is.
fn inside(name: &str, within: Within) -> Within {
    match (name, within) {
        ("types", _) => Within::Types,
        ("fields", Within::Types) => Within::FieldsOfTypes,
        _ => Within::Other,
    }
}

#[cfg(test)]
mod tests;
