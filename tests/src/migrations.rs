//! Migrations up, down and up again lead to the same schema and keep rows, and the schema matches the entities.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ActiveEnum, ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Iterable,
    Statement,
};
use triptych_server::migration;

use crate::harness::engines;

/// All properties of the schema in the catalogue, as sorted lines.
const SCHEMA: &str = "
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
           || ' ' || COALESCE(column_default, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    ORDER BY line";

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

async fn lines(url: &str) -> Vec<String> {
    let db = connect(url).await;
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, SCHEMA)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

#[tokio::test]
async fn migrations_go_up_and_down_and_up_to_the_same_schema() {
    let engines = engines().await;
    let name = format!("migrations_{}", std::process::id());
    engines.admin().await.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let url = engines.postgres(&name);

    migration::up(&url).await.unwrap();
    let all = migration::status(&url).await.unwrap();
    assert!(all.iter().all(|migration| migration.applied));
    let first = lines(&url).await;
    assert!(first.len() > 100, "{first:#?}");

    let mut before = first.clone();
    for migration in all.iter().rev() {
        migration::down(&url, 1).await.unwrap();
        let after = lines(&url).await;
        let changes_data_only = migration.name == "m0012_built_in_roles";
        assert!(after != before || changes_data_only, "{} took nothing back", migration.name);
        before = after;
    }
    let left: Vec<_> = before.iter().filter(|line| !line.contains("seaql_migrations")).collect();
    assert!(left.is_empty(), "{left:#?}");

    migration::up(&url).await.unwrap();
    assert_eq!(lines(&url).await, first);
}

#[tokio::test]
async fn every_foreign_key_has_an_index_that_begins_with_it() {
    let engines = engines().await;
    let url = engines.copy_database(&format!("foreign_keys_{}", std::process::id())).await;
    let sql = "SELECT c.conrelid::regclass || ' ' || c.conname FROM pg_constraint c
        WHERE c.contype = 'f' AND NOT EXISTS (
            SELECT 1 FROM pg_index i
            WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] = c.conkey)";
    let db = connect(&url).await;
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    let missing: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The values of an enum in its column.
fn values<E: ActiveEnum<Value = String> + Iterable>() -> BTreeSet<String> {
    E::iter().map(|value| value.to_value()).collect()
}

/// The texts in the definition of a constraint.
fn listed(definition: &str) -> BTreeSet<String> {
    definition.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn check_constraints_list_the_values_of_their_enums() {
    use triptych_server::services::relational::automation::{
        execution, execution_log, execution_step, flow, schedule, step, step_link,
    };
    use triptych_server::services::relational::deletion;
    let engines = engines().await;
    let db = connect(&engines.copy_database(&format!("enums_{}", std::process::id())).await).await;
    let sql = "SELECT c.conrelid::regclass || '.' || a.attname, pg_get_constraintdef(c.oid)
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'c' AND cardinality(c.conkey) = 1 AND pg_get_constraintdef(c.oid) LIKE '%ARRAY[%'";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    let stored: BTreeMap<String, BTreeSet<String>> = rows
        .iter()
        .map(|row| (row.try_get_by_index(0).unwrap(), listed(&row.try_get_by_index::<String>(1).unwrap())))
        .collect();
    let expected = BTreeMap::from([
        ("deletions.subject".to_owned(), values::<deletion::Subject>()),
        ("flows.status".to_owned(), values::<flow::Status>()),
        ("schedules.missed".to_owned(), values::<schedule::Missed>()),
        ("steps.kind".to_owned(), values::<step::Kind>()),
        ("step_links.kind".to_owned(), values::<step_link::Kind>()),
        ("executions.status".to_owned(), values::<execution::Status>()),
        ("executions.source".to_owned(), values::<execution::Source>()),
        ("execution_steps.status".to_owned(), values::<execution_step::Status>()),
        ("execution_steps.exit".to_owned(), values::<execution_step::ExitKind>()),
        ("execution_logs.level".to_owned(), values::<execution_log::Level>()),
    ]);
    assert_eq!(stored, expected);

    // Executions have an end if and only if their status is final.
    let sql = "SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'executions'::regclass AND contype = 'c' AND cardinality(conkey) = 2";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    let last: BTreeSet<String> = execution::Status::iter()
        .filter(|status| status.is_final())
        .map(|status| status.to_value())
        .collect();
    assert_eq!(listed(&row.try_get_by_index::<String>(0).unwrap()), last);
}

/// An execution with a step in every state that the migrations convert. Steps are numbered from 1.
const HISTORY: &str = "
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
        SELECT ('00000000-0000-0000-0000-0000000000' || lpad(n::text, 2, '0'))::uuid,
               '00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000a4', 's' || n, 's' || n,
               CASE n WHEN 5 THEN 'FILTER' WHEN 6 THEN 'FILTER' WHEN 7 THEN 'BRANCH' WHEN 8 THEN 'BRANCH'
                      ELSE 'ACTION' END, 'x', 'x', '{}', n
        FROM generate_series(1, 9) n;
    INSERT INTO executions (id, organization_id, flow_id, version_id, status, source, job_id, created_at)
        VALUES ('00000000-0000-0000-0000-0000000000a5', '00000000-0000-0000-0000-0000000000a1',
                '00000000-0000-0000-0000-0000000000a3', '00000000-0000-0000-0000-0000000000a4', 'RUNNING',
                'MANUAL', '00000000-0000-0000-0000-0000000000a6', now());
    INSERT INTO execution_steps (id, organization_id, execution_id, step_id, status, output, lease_owner,
                                 lease_until, resume_at, created_at, finished_at)
        SELECT s.id, s.organization_id, '00000000-0000-0000-0000-0000000000a5', s.id, v.status, v.output::jsonb,
               v.owner::uuid, v.lease::timestamptz, v.resume::timestamptz, now(), v.finished::timestamptz
        FROM steps s JOIN (VALUES
            (1, 'QUEUED',    NULL, NULL, '2030-01-01Z', NULL, NULL),
            (2, 'WAITING',   '{}', NULL, NULL, '2030-01-02Z', NULL),
            (3, 'RUNNING',   '{}', '00000000-0000-0000-0000-0000000000a7', '2030-01-03Z', '2030-01-04Z', NULL),
            (4, 'RUNNING',   NULL, '00000000-0000-0000-0000-0000000000a7', '2030-01-05Z', NULL, NULL),
            (5, 'SUCCEEDED', '{\"passed\": false}', NULL, NULL, NULL, '2030-01-06Z'),
            (6, 'SUCCEEDED', '{\"passed\": true}', NULL, NULL, NULL, '2030-01-06Z'),
            (7, 'SUCCEEDED', '{\"taken\": \"s9\"}', NULL, NULL, NULL, '2030-01-06Z'),
            (8, 'SUCCEEDED', '{\"taken\": null}', NULL, NULL, NULL, '2030-01-06Z'),
            (9, 'CANCELED',  NULL, '00000000-0000-0000-0000-0000000000a7', '2030-01-07Z', NULL, '2030-01-06Z')
        ) v(n, status, output, owner, lease, resume, finished) ON v.n = s.position;";

/// Reverts the migrations after this one.
async fn down_to(url: &str, name: &str) {
    let all = migration::status(url).await.unwrap();
    let later = all.iter().skip_while(|migration| migration.name != name).skip(1).count();
    migration::down(url, later.try_into().unwrap()).await.unwrap();
}

/// Some columns of every step of the execution, in order.
async fn steps(db: &DatabaseConnection, columns: &str) -> Vec<String> {
    let sql = format!(
        "SELECT concat_ws(' ', {columns}) FROM (SELECT *, lease_owner IS NOT NULL AS held FROM execution_steps) s
         ORDER BY id"
    );
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn the_migration_of_built_in_roles_is_reversible() {
    let engines = engines().await;
    let url = engines.copy_database(&format!("roles_{}", std::process::id())).await;
    let db = connect(&url).await;
    db.execute_unprepared(
        "INSERT INTO organizations (id, name, created_at, updated_at)
             VALUES (gen_random_uuid(), 'Analytical', now(), now());
         INSERT INTO roles (id, organization_id, key, name, created_at)
             SELECT gen_random_uuid(), o.id, key, key, now()
             FROM organizations o, unnest(ARRAY['owner', 'member', 'viewer', 'auditor']) AS key;
         INSERT INTO permissions (id, organization_id, role_id, action, subject)
             SELECT gen_random_uuid(), organization_id, id, 'read', 'flow' FROM roles WHERE key = 'auditor';",
    )
    .await
    .unwrap();
    let grants = async || {
        let sql = "SELECT key || ' ' || count(p.id) FROM roles r LEFT JOIN permissions p ON p.role_id = r.id
                   GROUP BY key ORDER BY key";
        let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
    };
    let code = ["auditor 1", "member 0", "owner 0", "viewer 0"];
    assert_eq!(grants().await, code);
    down_to(&url, "m0011_step_kinds").await;
    assert_eq!(grants().await, ["auditor 1", "member 15", "owner 8", "viewer 5"]);
    migration::up(&url).await.unwrap();
    assert_eq!(grants().await, code);
}

#[tokio::test]
async fn the_migration_of_the_history_is_reversible() {
    let engines = engines().await;
    let name = format!("history_{}", std::process::id());
    engines.admin().await.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let url = engines.postgres(&name);
    migration::up(&url).await.unwrap();
    down_to(&url, "m0008_datastore").await;
    let db = connect(&url).await;
    db.execute_unprepared(HISTORY).await.unwrap();
    let day = |column: &str| format!("to_char({column} AT TIME ZONE 'UTC', 'DD')");
    let old = format!("status, held, 'lease', {}, 'resume', {}", day("lease_until"), day("resume_at"));
    let new = format!(
        "status, held, 'lease', {}, 'due', {}, exit, right(branch_step_id::text, 2)",
        day("lease_until"),
        day("due_at")
    );

    migration::up(&url).await.unwrap();
    assert_eq!(
        steps(&db, &new).await,
        [
            "QUEUED f lease due 01",
            "WAITING f lease due 02",
            "WAITING f lease due 04",
            "RUNNING t lease 05 due",
            "SUCCEEDED f lease due STOPPED",
            "SUCCEEDED f lease due",
            "SUCCEEDED f lease due BRANCHED 09",
            "SUCCEEDED f lease due BRANCHED",
            "CANCELED f lease due",
        ]
    );
    down_to(&url, "m0008_datastore").await;
    assert_eq!(
        steps(&db, &old).await,
        [
            "QUEUED f lease 01 resume",
            "WAITING f lease resume 02",
            "WAITING f lease resume 04",
            "RUNNING t lease 05 resume",
            "SUCCEEDED f lease resume",
            "SUCCEEDED f lease resume",
            "SUCCEEDED f lease resume",
            "SUCCEEDED f lease resume",
            "CANCELED f lease resume",
        ]
    );
    migration::up(&url).await.unwrap();
}
