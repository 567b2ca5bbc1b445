//! What is asked for.

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, sqlx};
use serde_json::json;
use triptych_tests::harness::{Client, get, hook, steps, text};

use super::Access;
use crate::{program::Program, stage::Stage};

const EXECUTIONS: &str = "
    INSERT INTO executions (id, organization_id, flow_id, version_id, status, source, trigger, job_id,
                            created_at, started_at, finished_at)
    SELECT overlay(overlay(md5(n::text || f.id::text) placing lpad(to_hex(1700000000000 + n), 12, '0') from 1)
             placing '7' from 13)::uuid,
           f.organization_id, f.id, f.draft_version_id, 'SUCCEEDED', 'WEBHOOK',
           jsonb_build_object('body', jsonb_build_object('name', repeat('x', 200))), gen_random_uuid(),
           now(), now(), now()
    FROM generate_series(1, 500) n CROSS JOIN flows f";

/// 20 flows of five steps with a credential, and 10,000 executions among them.
pub(super) async fn populate(stage: &Stage) -> Access {
    let triptych = Program::triptych("api", stage, &[]).await;
    let client = Client::new(&triptych.url).signed_up().await;
    let credential = client
        .send(
            "mutation($f: JSON!) { createCredential(input: { integration: \"http\", name: \"Key\", fields: $f }) {
               credential { id } } }",
            json!({ "f": { "bearerToken": "secret" } }),
        )
        .await
        .text("/createCredential/credential/id");
    for number in 0..20 {
        let trimmed = |key: &str| text(key, "{{ trigger.body.name }}");
        let fetch = get("fetch", "http://127.0.0.1/").credential(&credential);
        let steps = steps([hook(), fetch, trimmed("one"), trimmed("two"), trimmed("three")]);
        let create = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } } }";
        client.send(create, json!({ "input": { "name": format!("Flow {number}"), "steps": steps } })).await;
    }
    triptych.stop().await;
    let db: DatabaseConnection = Database::connect(&stage.postgres_url).await.expect("PostgreSQL answers");
    db.execute_unprepared(EXECUTIONS).await.expect("executions");
    // Also sets the visibility map, as autovacuum would soon.
    db.execute_unprepared("VACUUM ANALYZE").await.expect("statistics");
    let pool = db.get_postgres_connection_pool();
    let (organization,) =
        sqlx::query_as("SELECT organization_id FROM flows LIMIT 1").fetch_one(pool).await.expect("a flow");
    Access { token: client.token.expect("a session"), organization }
}
