//! The audit log: who did what, from where; who may read it; and what it costs.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};

use crate::harness::{Client, World, attempts};

const EVENTS: &str = "query($filter: AuditEventFilter) { auditEvents(filter: $filter, first: 100) { totalCount nodes {
    id action actorId actor { id } sessionId tokenId targetId before after address userAgent count createdAt } } }";
const SIGN_IN: &str =
    "mutation($e: String!, $p: String!) { signIn(input: { email: $e, password: $p }) { token } }";
const CREATE: &str =
    "mutation { createApiToken(input: { name: \"CI\", scopes: [\"read:flow\", \"read:audit_event\"] }) {
    secret apiToken { id } } }";

/// The events that a client can read, newest first.
async fn events(client: &Client, filter: Value) -> Vec<Value> {
    let reply = client.send(EVENTS, json!({ "filter": filter })).await;
    let events = reply.at("/auditEvents/nodes").as_array().expect("events").clone();
    assert_eq!(reply.at("/auditEvents/totalCount"), events.len());
    events
}

fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().expect("an action")).collect()
}

#[tokio::test]
async fn changes_of_access_are_recorded_with_who_and_from_where() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let email = ada.email.clone().expect("an address");
    let me = ada.send("{ viewer { user { id } sessions { id } } }", json!({})).await;
    let made = ada.send(CREATE, json!({})).await;
    let token = made.text("/createApiToken/apiToken/id");
    let delete = "mutation($id: ID!) { deleteApiToken(input: { id: $id }) { deletedId } }";
    ada.send(delete, json!({ "id": token })).await;
    let change = "mutation { changePassword(input: { currentPassword: \"correct horse\", newPassword: \"battery staple\" })
        { token } }";
    let ada = ada.with_token(&ada.send(change, json!({})).await.text("/changePassword/token"));
    ada.send("mutation { signOutEverywhere { deletedId } }", json!({})).await;
    let again = world.anonymous().send(SIGN_IN, json!({ "e": email, "p": "battery staple" })).await;
    let ada = ada.with_token(&again.text("/signIn/token"));

    let events = events(&ada, json!(null)).await;
    let expected = [
        "session.create",
        "session.end_all",
        "session.create",
        "password.change",
        "api_token.delete",
        "api_token.create",
        "session.create",
        "organization.create",
    ];
    assert_eq!(actions(&events), expected);
    assert!(events.iter().all(|event| event["actorId"] == me.text("/viewer/user/id")
        && event["actor"]["id"] == me.text("/viewer/user/id")
        && event["address"] == "127.0.0.1"));
    let created = &events[5];
    assert_eq!(created["sessionId"], me.text("/viewer/sessions/0/id"));
    assert_eq!(created["targetId"], token);
    let shown = json!({ "name": "CI", "scopes": ["read:flow", "read:audit_event"], "expiresAt": null });
    assert_eq!((&created["before"], &created["after"]), (&Value::Null, &shown));
    assert_eq!((&events[4]["before"], &events[4]["after"]), (&shown, &Value::Null));
    let text = json!(events).to_string();
    for secret in [made.text("/createApiToken/secret").as_str(), "correct horse", "battery staple", "argon2"]
    {
        assert!(!text.contains(secret), "{secret}");
    }
    world.end().await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_in_one_event() {
    let world = World::start_with(&|config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".to_owned().try_into().expect("a network")];
    })
    .await;
    let ada = world.newcomer().await;
    let email = ada.email.clone().expect("an address");
    let me = ada.send("{ viewer { user { id } } }", json!({})).await.text("/viewer/user/id");
    let agent = "x".repeat(3_000);
    let guess = async |email: &str, n: usize| {
        let body = json!({ "query": SIGN_IN, "variables": { "e": email, "p": "wrong horse" } });
        let request =
            ada.http().post(format!("{}/graphql", ada.url)).json(&body).header("user-agent", &agent);
        request.header("x-forwarded-for", format!("203.0.113.{n}")).send().await.expect("an answer");
    };
    for n in 0..8 {
        guess(&email, n).await;
        guess("nobody@example.com", n).await;
    }
    let refused = events(&ada, json!({ "action": "session.refuse" })).await;
    // A period of ten minutes may end meanwhile.
    assert!((1..=2).contains(&refused.len()), "{refused:#?}");
    assert_eq!(refused.iter().map(|event| event["count"].as_i64().expect("a number")).sum::<i64>(), 8);
    let first = refused.last().expect("an event");
    assert_eq!(
        (&first["targetId"], &first["actorId"], &first["address"]),
        (&json!(me), &Value::Null, &json!("203.0.113.0"))
    );
    assert_eq!(first["userAgent"].as_str().map(str::len), Some(500));
    world.clock.advance(Duration::from_mins(10));
    guess(&email, 9).await;
    assert_eq!(events(&ada, json!({ "action": "session.refuse" })).await.len(), refused.len() + 1);
    world.end().await;
}

#[tokio::test]
async fn the_log_is_read_by_those_who_may() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let bob = world.member(&ada, "member", &[]).await;
    ada.send(CREATE, json!({})).await;
    bob.send(CREATE, json!({})).await;
    let id = async |client: &Client| {
        client.send("{ viewer { user { id } } }", json!({})).await.text("/viewer/user/id")
    };
    let (ada_id, bob_id) = (id(&ada).await, id(&bob).await);
    let all = events(&ada, json!({ "action": "api_token.create" })).await;
    assert_eq!(all.len(), 2);
    let own = events(&bob, json!(null)).await;
    assert!(!own.is_empty() && own.iter().all(|event| event["actorId"] == bob_id), "{own:#?}");
    assert!(events(&bob, json!({ "actorId": ada_id })).await.is_empty());
    assert!(events(&eve, json!({ "actorId": ada_id })).await.is_empty());
    let target = all[1]["targetId"].clone();
    assert_eq!(events(&ada, json!({ "targetId": target })).await.len(), 1);
    assert!(events(&eve, json!({ "targetId": target })).await.is_empty());
    let node = "query($id: ID!) { node(id: $id) { id } }";
    ada.send(node, json!({ "id": all[1]["id"] })).await;
    for other in [&bob, &eve] {
        other.refused(node, json!({ "id": all[1]["id"] }), "NOT_FOUND").await;
    }
    let refused = ada.refused(EVENTS, json!({ "filter": { "action": "flow.fly" } }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["filter.action"]);
    let silent = world.member(&ada, "silent", &[("read", "flow", false)]).await;
    silent.refused(EVENTS, json!({}), "FORBIDDEN").await;
    world.end().await;
}

/// Statistics of the table and its indexes: rows that were read by scans of the table, entries that were read from
/// indexes.
async fn scans(world: &World) -> (i64, i64) {
    let sql = "SELECT t.seq_tup_read, (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes i WHERE i.relid = t.relid)
               FROM pg_stat_user_tables t WHERE t.relname = 'audit_events'";
    let row = world.database().await.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    let row = row.expect("PostgreSQL answers").expect("a row");
    (row.try_get_by_index(0).expect("a number"), row.try_get_by_index(1).expect("a number"))
}

#[tokio::test]
async fn every_filter_reads_a_page_from_an_index() {
    let world = World::start().await;
    let (ada, _eve) = (world.newcomer().await, world.newcomer().await);
    // 40,000 events, half of them of another organization. The sought ones are few and in the middle.
    world
        .execute(
            "INSERT INTO audit_events (id, organization_id, action, user_id, target, created_at)
             SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7000800000000000' || lpad(to_hex(k), 4, '0'))::uuid,
                    m.organization_id, CASE WHEN n % 1000 = 0 THEN 'flow.pause' ELSE 'flow.publish' END,
                    CASE WHEN n % 1000 = 0 THEN m.user_id END, 'flow_' || n, to_timestamp(1700000000 + n / 1000.0)
             FROM generate_series(1, 20000) n,
                  (SELECT organization_id, user_id, row_number() OVER () AS k FROM memberships) m",
        )
        .await;
    world.database().await.execute_unprepared("VACUUM ANALYZE audit_events").await.expect("it is analyzed");
    let me = ada.send("{ viewer { user { id } } }", json!({})).await.text("/viewer/user/id");
    let filters = [
        json!({}),
        json!({ "actorId": me }),
        json!({ "action": "flow.pause" }),
        json!({ "targetId": "flow_10000" }),
        json!({ "createdAt": { "from": "2023-11-14T22:13:25Z", "to": "2023-11-14T22:13:26Z" } }),
        json!({ "actorId": me, "action": "flow.pause" }),
        json!({ "action": "flow.pause", "createdAt": { "to": "2023-11-14T22:13:26Z" } }),
    ];
    let list = "query($filter: AuditEventFilter) { auditEvents(filter: $filter, first: 10) { nodes { id action } } }";
    for filter in filters {
        let before = scans(&world).await;
        let reply = ada.send(list, json!({ "filter": filter })).await;
        assert!(!reply.at("/auditEvents/nodes").as_array().expect("events").is_empty(), "{filter}");
        // A connection reports its statistics with a delay.
        let (mut after, mut patience) = (before, attempts(Duration::from_secs(30)));
        while after == before {
            assert!(patience.next().await, "{filter}: no statistics");
            after = scans(&world).await;
        }
        // The job that deletes old events scans the table while it is empty.
        assert!(after.0 - before.0 <= 10, "{filter} scans the table");
        assert!(after.1 - before.1 <= 200, "{filter} reads {} entries", after.1 - before.1);
    }
    world.end().await;
}

#[tokio::test]
async fn old_events_are_deleted_in_batches() {
    let world = World::start_with(&|config| config.audit.retention_days = 30).await;
    let ada = world.newcomer().await;
    world
        .execute(
            "INSERT INTO audit_events (id, organization_id, action, created_at)
             SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000000000000000')::uuid, organization_id,
                    'flow.publish', to_timestamp(1700000000)
             FROM memberships, generate_series(1, 2500) n",
        )
        .await;
    assert_eq!(world.services().audit.delete_old().await.expect("PostgreSQL answers"), 2_500);
    let kept = events(&ada, json!(null)).await;
    assert_eq!(actions(&kept), ["session.create", "organization.create"]);
    world.clock.advance(Duration::from_hours(31 * 24));
    assert_eq!(world.services().audit.delete_old().await.expect("PostgreSQL answers"), 2);
    world.end().await;
}
