//! Pages of a table.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    DbBackend, EntityTrait, IdenStatic as _, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select, Statement,
    sea_query::{Asterisk, Expr, ExprTrait as _, SimpleExpr, extension::postgres::PgFunc},
};
use tokio::sync::OnceCell;
use triptych_entities::{
    ids::Id,
    relational::positional::{ColumnSet, Positional},
};
use uuid::Uuid;

use super::{KeyKind, KeyValue, Keys, Page, PageArgs, Total, Window};
use crate::{
    error::{Invalid, StoreError},
    fetch::{fetch, select},
    postgres::Postgres,
};

/// The sort order of a list of rows. All keys have one direction, so that one comparison of tuples uses the index.
pub struct Sorted<E: EntityTrait> {
    list: &'static str,
    keys: Vec<Key<E>>,
    kinds: Vec<KeyKind>,
    descending: bool,
}

struct Key<E: EntityTrait> {
    expression: SimpleExpr,
    /// The name of the column from which the value is computed.
    column: &'static str,
    value: fn(&E::Model) -> KeyValue,
}

impl<E> Sorted<E>
where
    E: EntityTrait<Model: Positional + Send + Sync>,
{
    /// A list in this direction, by the keys that [`Sorted::by`] adds. Its cursors contain its name, so that other
    /// lists refuse them.
    #[must_use]
    pub fn new(list: &'static str, descending: bool) -> Self {
        Self { list, keys: Vec::new(), kinds: Vec::new(), descending }
    }

    /// Newest first, by a column of `UUIDv7` ids.
    #[must_use]
    pub fn newest(list: &'static str, id: E::Column, value: fn(&E::Model) -> KeyValue) -> Self {
        Self::new(list, true).by_column(id, KeyKind::Id, value)
    }

    /// Oldest first, by a column of `UUIDv7` ids.
    #[must_use]
    pub fn oldest(list: &'static str, id: E::Column, value: fn(&E::Model) -> KeyValue) -> Self {
        Self::new(list, false).by_column(id, KeyKind::Id, value)
    }

    /// Adds a key; the last key must be unique. `value` evaluates `expression`, which depends on `column`, for a row.
    #[must_use]
    pub fn by(
        mut self,
        expression: SimpleExpr,
        column: E::Column,
        kind: KeyKind,
        value: fn(&E::Model) -> KeyValue,
    ) -> Self {
        self.keys.push(Key { expression, column: column.as_str(), value });
        self.kinds.push(kind);
        self
    }

    /// Adds a column as a key.
    #[must_use]
    pub fn by_column(self, column: E::Column, kind: KeyKind, value: fn(&E::Model) -> KeyValue) -> Self {
        self.by(Expr::col((E::default(), column)), column, kind, value)
    }

    /// Checks the arguments of a connection for this list.
    ///
    /// # Errors
    /// See [`Window::parse`].
    pub fn window(&self, args: &PageArgs) -> Result<Window, Invalid> {
        Window::parse(args, self.list, &self.kinds)
    }

    /// Reads a page of the rows that the query selects.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn page(
        &self,
        db: &Postgres,
        query: Select<E>,
        window: &Window,
    ) -> Result<Page<E::Model>, StoreError> {
        let query = query.select_only();
        let total = counted(db, query.clone());
        let columns = self.columns(window, None);
        let rows = fetch(db, self.windowed(query, window, columns), columns).await?;
        Ok(Page::of_fetched(window, rows, |row| self.key(row), total))
    }

    /// Reads the same page of the children of several parents with one statement.
    ///
    /// # Errors
    /// If PostgreSQL does not answer.
    pub async fn pages_of<P: Id + Into<sea_orm::Value>>(
        &self,
        db: &Postgres,
        query: Select<E>,
        parents: &Parents<'_, E, P>,
        window: &Window,
    ) -> Result<HashMap<P, Page<E::Model>>, StoreError> {
        let query = query.select_only();
        let columns = self.columns(window, Some(parents.column));
        let statement = self.windows(query.clone(), parents, window, columns);
        let mut by_parent: HashMap<P, Vec<E::Model>> = HashMap::with_capacity(parents.ids.len());
        for row in fetch::<E::Model>(db, statement, columns).await? {
            by_parent.entry((parents.of)(&row)).or_default().push(row);
        }
        let total = counted_by_parent(db, query, parents);
        let pages = parents.ids.iter().map(|id| {
            let rows = by_parent.remove(id).unwrap_or_default();
            (*id, Page::of_fetched(window, rows, |row| self.key(row), total(id.uuid())))
        });
        Ok(pages.collect())
    }

    /// The statement that reads the window of each parent: one scan of the index on (parent, sort keys) for each parent,
    /// which ends after the rows of the window.
    ///
    /// The parent is compared with an array of one and sorted by, which says the same as an equality. With an equality,
    /// PostgreSQL may follow the index on the sort keys alone and filter: it expects the rows of all parents to be mixed
    /// evenly, and reads the whole table for a parent without rows.
    fn windows<P: Id>(
        &self,
        query: Select<E>,
        parents: &Parents<'_, E, P>,
        window: &Window,
        columns: ColumnSet,
    ) -> Statement {
        let column = Expr::col((E::default(), parents.column));
        let keys_descend = self.descending != window.backward;
        // The index is read forward or backward, so the order of the parent turns with that of the keys.
        let order = if keys_descend == parents.keys_descend { Order::Asc } else { Order::Desc };
        let of_parent = Expr::cust_with_exprs(r#"$1 = ANY (ARRAY["parent"."id"])"#, [column.clone()]);
        let query = query.filter(of_parent).order_by(column, order);
        let Statement { sql, values, db_backend } = self.windowed(query, window, columns);
        let mut values = values.map(|values| values.0).unwrap_or_default();
        values.push(parents.ids.iter().map(|id| id.uuid()).collect::<Vec<_>>().into());
        let count = values.len();
        let sql = format!(
            "SELECT page.* FROM unnest(${count}::uuid[]) AS parent (id) CROSS JOIN LATERAL ({sql}) AS page"
        );
        Statement::from_sql_and_values(db_backend, sql, values)
    }

    /// The selected columns, those of the sort keys, and another one.
    fn columns(&self, window: &Window, other: Option<E::Column>) -> ColumnSet {
        let keys = self.keys.iter().map(|key| key.column);
        window.selection.with::<E::Model>(keys.chain(other.map(|column| column.as_str())))
    }

    fn key(&self, row: &E::Model) -> Keys {
        self.keys.iter().map(|key| (key.value)(row)).collect()
    }

    /// The statement that reads a window. Its limit is part of the text: PostgreSQL does not reuse the plan of a
    /// prepared statement whose limit is a parameter, because without the number it expects to read a tenth of all
    /// rows. A list has few different limits.
    fn windowed(&self, query: Select<E>, window: &Window, columns: ColumnSet) -> Statement {
        let mut query = select(query, columns);
        if let Some(after) = &window.after {
            query = query.filter(self.beside(after, self.descending));
        }
        if let Some(before) = &window.before {
            query = query.filter(self.beside(before, !self.descending));
        }
        let direction = if self.descending == window.backward { Order::Asc } else { Order::Desc };
        for key in &self.keys {
            query = query.order_by(key.expression.clone(), direction.clone());
        }
        let statement = query.build(DbBackend::Postgres);
        Statement { sql: format!("{} LIMIT {}", statement.sql, window.fetch()), ..statement }
    }

    /// The condition for the rows on one side of a cursor, as one comparison of tuples.
    fn beside(&self, cursor: &[KeyValue], below: bool) -> SimpleExpr {
        let keys = Expr::tuple(self.keys.iter().map(|key| key.expression.clone()));
        let bound = Expr::tuple(cursor.iter().map(|value| Expr::val(value.to_sql())));
        if below { keys.lt(bound) } else { keys.gt(bound) }
    }
}

/// The parents whose pages [`Sorted::pages_of`] reads.
pub struct Parents<'a, E: EntityTrait, P> {
    /// The column with the id of the parent. An index begins with it, in ascending order, followed by the sort keys.
    pub column: E::Column,
    /// Whether the sort keys are in descending order in that index.
    pub keys_descend: bool,
    /// The parent of a row.
    pub of: fn(&E::Model) -> P,
    pub ids: &'a [P],
}

fn counted<E>(db: &Postgres, query: Select<E>) -> Total
where
    E: EntityTrait<Model: Send + Sync>,
{
    let db = db.clone();
    Total::counted(move || {
        let (db, query) = (db.clone(), query.clone());
        async move {
            let count: Option<i64> = query.expr(Expr::col(Asterisk).count()).into_tuple().one(&db).await?;
            Ok(count.unwrap_or_default().unsigned_abs())
        }
    })
}

/// The totals of all parents, counted in one statement when the first of them is asked for.
fn counted_by_parent<E, P>(
    db: &Postgres,
    query: Select<E>,
    parents: &Parents<'_, E, P>,
) -> impl Fn(Uuid) -> Total + use<E, P>
where
    E: EntityTrait<Model: Send + Sync>,
    P: Id,
{
    let ids: Arc<[Uuid]> = parents.ids.iter().map(|id| id.uuid()).collect();
    let (db, query, column) = (db.clone(), Arc::new(query), parents.column);
    let counts = Arc::new(OnceCell::<HashMap<Uuid, i64>>::new());
    move |parent| {
        let (db, query, ids, counts) = (db.clone(), query.clone(), ids.clone(), counts.clone());
        Total::counted(move || {
            let (db, query, ids, counts) = (db.clone(), query.clone(), ids.clone(), counts.clone());
            async move {
                let count = async || {
                    let query = Select::clone(&query)
                        .column(column)
                        .expr(Expr::col(Asterisk).count())
                        .filter(Expr::col((E::default(), column)).eq(PgFunc::any(ids.to_vec())))
                        .group_by(column);
                    let rows: Vec<(Uuid, i64)> = query.into_tuple().all(&db).await?;
                    Ok::<_, StoreError>(rows.into_iter().collect())
                };
                let count = counts.get_or_try_init(count).await?.get(&parent).copied().unwrap_or_default();
                Ok(count.unsigned_abs())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::key;
    use triptych_entities::{
        ids::FlowId,
        relational::automation::{execution, flow},
    };

    /// What follows the selected columns in the statement of a page of two rows.
    fn clauses(descending: bool, forward: bool) -> String {
        let sorted = Sorted::<flow::Entity>::new("flows", descending)
            .by_column(flow::Column::Name, KeyKind::Text, |row| KeyValue::Text(row.name.clone()))
            .by_column(flow::Column::Id, KeyKind::Id, |row| row.id.into());
        let cursor = key::encode("flows", &[KeyValue::Text("x".to_owned()), KeyValue::Id(Uuid::nil())]);
        let args = if forward {
            PageArgs { first: Some(2), after: Some(cursor), ..PageArgs::default() }
        } else {
            PageArgs { last: Some(2), before: Some(cursor), ..PageArgs::default() }
        };
        let window = sorted.window(&args).unwrap();
        let sql = sorted
            .windowed(flow::Entity::find(), &window, ColumnSet::ALL)
            .to_string()
            .replace("\"flows\".", "");
        sql.split_once(" WHERE ").unwrap().1.to_owned()
    }

    #[test]
    fn a_page_is_one_range_of_the_index_on_its_keys() {
        let cursor = "('x', '00000000-0000-0000-0000-000000000000')";
        let expected = |operator: &str, order: &str| {
            format!(
                "(\"name\", \"id\") {operator} {cursor} ORDER BY \"name\" {order}, \"id\" {order} LIMIT 3"
            )
        };
        assert_eq!(clauses(false, true), expected(">", "ASC"));
        assert_eq!(clauses(false, false), expected("<", "DESC"));
        assert_eq!(clauses(true, true), expected("<", "DESC"));
        assert_eq!(clauses(true, false), expected(">", "ASC"));
    }

    fn sql(parents: u128, first: Option<i32>, last: Option<i32>) -> String {
        let sorted =
            Sorted::<execution::Entity>::newest("executions", execution::Column::Id, |row| row.id.into());
        let ids: Vec<FlowId> = (0..parents).map(|id| FlowId::from_uuid(Uuid::from_u128(id))).collect();
        let parents = Parents {
            column: execution::Column::FlowId,
            keys_descend: true,
            of: |row: &execution::Model| row.flow_id,
            ids: &ids,
        };
        let window = sorted.window(&PageArgs { first, last, ..PageArgs::default() }).unwrap();
        sorted.windows(execution::Entity::find(), &parents, &window, ColumnSet::ALL).sql
    }

    #[test]
    fn the_text_of_a_statement_depends_on_the_size_of_the_page_alone() {
        assert_eq!(sql(1, Some(5), None), sql(20, Some(5), None));
        assert!(!sql(1, Some(5), None).contains("$2"), "{}", sql(1, Some(5), None));
    }

    #[test]
    fn the_window_of_a_parent_is_in_the_order_of_its_index() {
        let end = |sql: String| sql.split(" WHERE ").nth(1).unwrap().replace("\"executions\".", "");
        assert_eq!(
            end(sql(1, Some(5), None)),
            r#""flow_id" = ANY (ARRAY["parent"."id"]) ORDER BY "flow_id" ASC, "id" DESC LIMIT 6) AS page"#
        );
        assert_eq!(
            end(sql(1, None, Some(2))),
            r#""flow_id" = ANY (ARRAY["parent"."id"]) ORDER BY "flow_id" DESC, "id" ASC LIMIT 3) AS page"#
        );
    }
}
