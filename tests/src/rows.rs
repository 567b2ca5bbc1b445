//! Rows are decoded alike by the positions and by the names of their columns.

use std::fmt::Debug;

use sea_orm::{
    ConnectionTrait as _, Database, DatabaseConnection, DbBackend, EntityTrait, IdenStatic as _, ModelTrait,
    Statement, prelude::DateTimeUtc,
};
use triptych_server::services::relational::{
    automation::{
        credential, datastore_item, execution, execution_log, execution_step, flow, flow_version, schedule,
        schedule_firing, step, step_link, webhook,
    },
    identity::{api_token, audit_event, invitation, membership, organization, permission, role, user},
    instant::Instant,
    outbox,
    positional::{ColumnSet, Positional, decode},
};

use crate::harness::engines;

/// A flow with a step, and two executions: one with a value in each column, one with as few as possible.
const ROWS: &str = "
    INSERT INTO organizations VALUES ('00000000-0000-0000-0000-0000000000a1', 'O', now(), now());
    INSERT INTO users VALUES ('00000000-0000-0000-0000-0000000000a2', 'a@b.c', 'A', 'x', now(), now());
    BEGIN;
    INSERT INTO flows VALUES ('00000000-0000-0000-0000-0000000000a3', '00000000-0000-0000-0000-0000000000a1',
        '00000000-0000-0000-0000-0000000000a2', 'F', 'DRAFT', NULL, '00000000-0000-0000-0000-0000000000a4', NULL,
        now(), now());
    INSERT INTO flow_versions VALUES ('00000000-0000-0000-0000-0000000000a4',
        '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000a3', 1, NULL, now());
    COMMIT;
    INSERT INTO steps (id, organization_id, version_id, key, name, kind, integration, operation, parameters, position)
        VALUES ('00000000-0000-0000-0000-0000000000a5', '00000000-0000-0000-0000-0000000000a1',
                '00000000-0000-0000-0000-0000000000a4', 'k', 'n', 'ACTION', 'i', 'o', '{\"a\": [1, null]}', 0);
    INSERT INTO executions (id, organization_id, flow_id, version_id, status, source, test, trigger, client_id, job_id,
                            error_code, error_message, trace_id, created_at, started_at, finished_at)
        SELECT v.id::uuid, '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000a3',
               '00000000-0000-0000-0000-0000000000a4', v.status, 'MANUAL', true, v.trigger::jsonb, v.client, v.id::uuid,
               v.code, v.message, v.trace, now(), v.ended::timestamptz, v.ended::timestamptz
        FROM (VALUES
            ('00000000-0000-0000-0000-0000000000b1', 'QUEUED', NULL, NULL, NULL, NULL, NULL, NULL),
            ('00000000-0000-0000-0000-0000000000b2', 'FAILED', '{\"x\": 1}', 'c', 'TIMEOUT', 'late', 't', '2026-01-02')
        ) v (id, status, trigger, client, code, message, trace, ended);
    INSERT INTO execution_steps (id, organization_id, execution_id, step_id, status, created_at)
        VALUES ('00000000-0000-0000-0000-0000000000b3', '00000000-0000-0000-0000-0000000000a1',
                '00000000-0000-0000-0000-0000000000b2', '00000000-0000-0000-0000-0000000000a5', 'QUEUED', now());
";

#[tokio::test]
async fn times_are_those_of_the_driver() {
    let url = engines().await.copy_database(&format!("times_{}", std::process::id())).await;
    let db = Database::connect(&url).await.unwrap();
    let sql = "SELECT unnest(ARRAY['0001-01-01', '1969-12-31 23:59:59.999999+00', '2000-01-01 00:00:00+00',
                                   '2026-02-28 12:34:56.789012+05', '9999-12-31 23:59:59.999999+00', 'infinity',
                                   '-infinity']::timestamptz[])";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    for (number, row) in rows.iter().enumerate() {
        let read = row.try_get_by_index::<Instant>(0).ok().map(|read| read.0);
        if number < 5 {
            assert_eq!(read, Some(row.try_get_by_index::<DateTimeUtc>(0).unwrap()));
        } else {
            assert_eq!(read, None, "row {number} is no point in time");
        }
    }
    assert_eq!(rows.len(), 7);
}

#[tokio::test]
async fn rows_decode_alike_by_position_and_by_name() {
    let url = engines().await.copy_database(&format!("rows_{}", std::process::id())).await;
    let db = Database::connect(&url).await.unwrap();
    db.execute_unprepared(ROWS).await.unwrap();
    assert_eq!(alike::<flow::Model>(&db, "flows").await, 1);
    assert_eq!(alike::<flow_version::Model>(&db, "flow_versions").await, 1);
    assert_eq!(alike::<step::Model>(&db, "steps").await, 1);
    assert_eq!(alike::<execution::Model>(&db, "executions").await, 2);
    assert_eq!(alike::<execution_step::Model>(&db, "execution_steps").await, 1);
}

/// Reads a table with its columns in their order, and in the reverse order, in which only their names tell.
async fn alike<M: Positional + PartialEq + Debug>(db: &DatabaseConnection, table: &str) -> usize {
    let read = async |columns: Vec<&str>| {
        let sql = format!("SELECT {} FROM {table} ORDER BY id", columns.join(", "));
        let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        decode::<M>(&rows, ColumnSet::ALL).unwrap()
    };
    let in_order = read(M::COLUMNS.to_vec()).await;
    let reversed = read(M::COLUMNS.iter().rev().copied().collect()).await;
    assert_eq!(in_order, reversed);
    in_order.len()
}

#[tokio::test]
async fn a_value_of_another_type_and_a_missing_one_are_errors() {
    let url = engines().await.copy_database(&format!("wrong_rows_{}", std::process::id())).await;
    let db = Database::connect(&url).await.unwrap();
    let columns = |first: &str| {
        let rest = "NULL::uuid AS organization_id, NULL::uuid AS flow_id, 1 AS number, NULL::timestamptz AS published_at, \
                    now() AS created_at";
        Statement::from_string(DbBackend::Postgres, format!("SELECT {first} AS id, {rest}"))
    };
    for wrong in ["1::int", "NULL::uuid"] {
        let rows = db.query_all_raw(columns(wrong)).await.unwrap();
        assert!(decode::<flow_version::Model>(&rows, ColumnSet::ALL).is_err(), "{wrong}");
    }
}

/// Whether a query of whole rows selects the columns of the model in the order of its fields.
fn in_order<M: Positional + ModelTrait>() -> bool {
    let columns = <<M::Entity as EntityTrait>::Column as sea_orm::Iterable>::iter();
    columns.map(|column| column.as_str()).eq(M::COLUMNS.iter().copied())
}

#[test]
fn queries_of_whole_rows_are_decoded_by_position() {
    let by_position = [
        in_order::<api_token::Model>(),
        in_order::<audit_event::Model>(),
        in_order::<credential::Model>(),
        in_order::<datastore_item::Model>(),
        in_order::<execution::Model>(),
        in_order::<execution_log::Model>(),
        in_order::<execution_step::Model>(),
        in_order::<flow::Model>(),
        in_order::<flow_version::Model>(),
        in_order::<invitation::Model>(),
        in_order::<membership::Model>(),
        in_order::<organization::Model>(),
        in_order::<outbox::Model>(),
        in_order::<permission::Model>(),
        in_order::<role::Model>(),
        in_order::<schedule::Model>(),
        in_order::<schedule_firing::Model>(),
        in_order::<step::Model>(),
        in_order::<step_link::Model>(),
        in_order::<user::Model>(),
        in_order::<webhook::Model>(),
    ];
    assert!(by_position.iter().all(|by_position| *by_position), "{by_position:?}");
}
