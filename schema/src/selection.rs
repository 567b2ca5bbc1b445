//! Which columns the selected fields of a list read.

use async_graphql::{Context, ContextSelectionSet, OutputType as _, Positioned, parser::types::Field};
use triptych_entities::relational::positional::Positional;
use triptych_services::page::{Columns, Selection};

use crate::{
    connection::{Connection, Edge},
    output::{ObjectType, Selected},
};

/// An object whose rows are read in part when it is an item of a list.
pub(crate) trait Columnar {
    type Row: Positional;
    /// The columns that each field reads, except for fields that read the column of their name.
    const READS: &'static [(&'static str, &'static [&'static str])];
}

/// The columns that a connection reads of its items: those of the fields under `nodes` and `edges.node`.
pub(crate) fn of_connection<T: Columnar + ObjectType>(ctx: &Context<'_>) -> Selection {
    let mut columns = Columns::new();
    let connection = within(ctx, ctx.item);
    for part in Selected::new(&connection, Connection::<T>::type_name) {
        let complete = match part.node.name.node.as_str() {
            "nodes" => add::<T>(&within(ctx, part), &mut columns),
            "edges" => Selected::new(&within(ctx, part), Edge::<T>::type_name)
                .filter(|field| field.node.name.node == "node")
                .all(|node| add::<T>(&within(ctx, node), &mut columns)),
            _ => true,
        };
        if !complete {
            return Selection::All;
        }
    }
    Selection::Only(columns)
}

/// The selection of a field under the field of the context.
fn within<'a>(ctx: &Context<'a>, field: &'a Positioned<Field>) -> ContextSelectionSet<'a> {
    ctx.with_selection_set(&field.node.selection_set)
}

/// Adds the columns that the fields of an item read, and returns whether all fields are known.
fn add<T: Columnar + ObjectType>(item: &ContextSelectionSet<'_>, columns: &mut Columns) -> bool {
    Selected::new(item, T::type_name).all(|field| {
        let Some(read) = read_by::<T>(&field.node.name.node) else { return false };
        for column in read {
            if !columns.contains(column) {
                columns.push(column);
            }
        }
        true
    })
}

/// The columns that a field reads.
fn read_by<T: Columnar>(field: &str) -> Option<&'static [&'static str]> {
    if field == "__typename" {
        return Some(&[]);
    }
    if let Some((_, columns)) = T::READS.iter().find(|(name, _)| *name == field) {
        return Some(columns);
    }
    let column = T::Row::COLUMNS.iter().position(|column| is_camel_case(field, column))?;
    Some(&T::Row::COLUMNS[column..=column])
}

/// Whether a field is named like a column: `createdAt` and `created_at`.
fn is_camel_case(field: &str, column: &str) -> bool {
    let mut field = field.bytes();
    let mut begins_word = false;
    for byte in column.bytes() {
        if byte == b'_' {
            begins_word = true;
            continue;
        }
        let expected = if begins_word { byte.to_ascii_uppercase() } else { byte };
        begins_word = false;
        if field.next() != Some(expected) {
            return false;
        }
    }
    field.next().is_none()
}

#[cfg(test)]
mod tests {
    use async_graphql::{OutputType, registry::Registry};

    use super::*;
    use crate::automation::{
        executions::{Execution, ExecutionStep},
        flows::{Flow, FlowVersion},
    };

    /// The fields of a type whose columns are not known, so that a list with them reads all columns.
    fn unknown<T: Columnar + OutputType>() -> Vec<String> {
        let mut registry = Registry::default();
        T::create_type_info(&mut registry);
        let fields = registry.types[T::type_name().as_ref()].fields().unwrap();
        fields.keys().filter(|field| read_by::<T>(field).is_none()).cloned().collect()
    }

    #[test]
    fn the_columns_of_every_field_are_known() {
        let unknown =
            [unknown::<Flow>(), unknown::<FlowVersion>(), unknown::<Execution>(), unknown::<ExecutionStep>()];
        assert_eq!(unknown.concat(), [""; 0]);
    }

    #[test]
    fn every_column_that_a_field_reads_exists() {
        fn reads<T: Columnar>() -> impl Iterator<Item = (&'static str, bool)> {
            let columns = T::READS.iter().flat_map(|(_, columns)| columns.iter());
            columns.map(|column| (*column, T::Row::COLUMNS.contains(column)))
        }
        let read = reads::<Flow>()
            .chain(reads::<FlowVersion>())
            .chain(reads::<Execution>())
            .chain(reads::<ExecutionStep>());
        for (column, exists) in read {
            assert!(exists, "{column}");
        }
    }

    #[test]
    fn a_field_reads_the_column_of_its_name() {
        assert_eq!(read_by::<Execution>("createdAt"), Some(&["created_at"][..]));
        assert_eq!(read_by::<Execution>("created_at"), None);
        assert_eq!(read_by::<Execution>("createdat"), None);
        assert_eq!(read_by::<Execution>("created"), None);
        assert_eq!(read_by::<Execution>("flow"), Some(&["flow_id"][..]));
        assert_eq!(read_by::<Execution>("é"), None);
    }
}
