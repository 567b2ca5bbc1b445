//! Deleting organizations and accounts: access ends at once, and nothing is left in the three databases.

use std::time::Duration;

use mongodb::bson::{self, Document, doc};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement, prelude::Uuid};
use serde_json::{Value, json};

use crate::harness::{Client, LocalServer, Reply, World, get, hook, step, steps, text};

const DELETE_ORGANIZATION: &str =
    "mutation($input: DeleteOrganizationInput!) { deleteOrganization(input: $input) {
    deletedId receipt deletion { id deletedId status } } }";
const DELETE_ACCOUNT: &str = "mutation($password: String) { deleteAccount(input: { password: $password }) {
    deletedId receipt deletion { deletedId status } } }";
const PROGRESS: &str = "query($receipt: String!) { deletionProgress(receipt: $receipt) {
    deletedId status total removed finishedAt } }";
/// Longer than a request that was authenticated before can write.
const LATER: Duration = Duration::from_mins(5);

fn confirmed() -> Value {
    json!({ "input": { "name": "Analytical Engines", "password": "correct horse" } })
}

/// Waits until a deletion has removed all that it has counted, lets the time pass in which requests may still write,
/// and waits for the end.
async fn completed(world: &World, receipt: &str, meanwhile: impl AsyncFnOnce()) -> Reply {
    let counted = |reply: &Reply| {
        let state = reply.at("/deletionProgress");
        state["total"].is_number() && state["total"] == state["removed"]
    };
    let seen = world.anonymous().until(PROGRESS, json!({ "receipt": receipt }), counted).await;
    assert_eq!(seen.at("/deletionProgress/status"), "RUNNING", "{:#}", seen.0);
    meanwhile().await;
    world.clock.advance(LATER);
    let done = |reply: &Reply| reply.at("/deletionProgress/status") == "COMPLETED";
    world.anonymous().until(PROGRESS, json!({ "receipt": receipt }), done).await
}

async fn uuids(db: &DatabaseConnection, sql: &str, value: &str) -> Vec<Uuid> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [value.into()]);
    let rows = db.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// The tables with rows of an organization, besides deletions that show their progress by a receipt.
async fn tables_with(db: &DatabaseConnection, organization: Uuid) -> Vec<String> {
    let tables = "SELECT table_name::text FROM information_schema.columns
                  WHERE column_name = 'organization_id' AND table_schema = 'public'";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, tables)).await.unwrap();
    assert!(rows.len() > 15, "{}", rows.len());
    let mut found = Vec::new();
    for row in rows {
        let table: String = row.try_get_by_index(0).unwrap();
        let outlives =
            if table == "deletions" { "AND subject NOT IN ('ORGANIZATION', 'ACCOUNT')" } else { "" };
        let sql = format!(
            "SELECT organization_id FROM {table} WHERE organization_id = $1::uuid {outlives} LIMIT 1"
        );
        if !uuids(db, &sql, &organization.to_string()).await.is_empty() {
            found.push(table);
        }
    }
    found.sort();
    found
}

/// The collections with documents whose field has this id.
async fn collections_with(world: &World, field: &str, id: Uuid) -> Vec<String> {
    let client = mongodb::Client::with_uri_str(world.mongo_url()).await.unwrap();
    let db = client.database(&world.config.mongo.database);
    let id = bson::Uuid::from_bytes(id.into_bytes());
    let mut found = Vec::new();
    for name in db.list_collection_names().await.unwrap() {
        if db.collection::<Document>(&name).find_one(doc! { field: id }).await.unwrap().is_some() {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// The live streams that are named by any of the ids.
async fn streams_of(world: &World, ids: &[String]) -> Vec<String> {
    let client = redis::Client::open(world.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let pattern = format!("*{}*", world.config.redis.prefix);
    let keys: Vec<String> = redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.unwrap();
    keys.into_iter().filter(|key| ids.iter().any(|id| key.contains(&format!("{{{id}}}")))).collect()
}

/// What people have in an organization.
struct Belongings {
    /// The URL of a webhook.
    url: String,
    flow: String,
    thread: String,
    token: Client,
    /// Ids of which live streams are named.
    streams: Vec<String>,
}

impl Belongings {
    /// Creates some of everything, with an execution whose last step is held.
    async fn of(ada: &Client, local: &LocalServer) -> Self {
        let credential = "mutation { createCredential(input: { integration: \"http\", name: \"Key\",
            fields: { bearerToken: \"t0k3n\" } }) { credential { id } } }";
        ada.send(credential, json!({})).await;
        let prompt = json!({ "model": "demo/echo", "prompt": "Hello" });
        let store = json!({ "key": "last", "value": "{{ trigger }}" });
        let graph = steps([
            hook(),
            step("ai.prompt").key("ask").parameters(prompt),
            step("datastore.set").key("store").parameters(store),
            get("slow", &format!("{}/held", local.url)),
        ]);
        let (flow, url) = ada.published_flow(graph).await;
        let tick = step("schedule.every").key("tick").parameters(json!({ "seconds": 86_400 }));
        ada.published_flow(steps([tick, text("a", "x")])).await;
        let running = ada.run_flow(&flow, json!({})).await;
        local.held(1).await;
        let sent = ada.say("Hello").await;
        ada.answered(&sent.generation).await;
        ada.send("mutation { createPreset(input: { name: \"Terse\" }) { preset { id } } }", json!({})).await;
        let token =
            "mutation { createApiToken(input: { name: \"CI\", scopes: [\"read:flow\"] }) { secret } }";
        let token = ada.with_token(&ada.send(token, json!({})).await.text("/createApiToken/secret"));
        token.send("{ flows { totalCount } }", json!({})).await;
        let streams = vec![running, sent.generation.clone()];
        Self { url, flow, thread: sent.thread, token, streams }
    }
}

/// Checks what a deletion of the organization needs.
async fn only_an_owner_deletes(world: &World, ada: &Client, others: &[&Client]) {
    let input = |name: &str, password: Value| json!({ "input": { "name": name, "password": password } });
    let refused = ada.refused(DELETE_ORGANIZATION, input("Other", json!("correct horse")), "BAD_USER_INPUT");
    assert_eq!(refused.await.fields(), ["name"]);
    for password in [json!("wrong horse"), Value::Null] {
        let refused =
            ada.refused(DELETE_ORGANIZATION, input("Analytical Engines", password), "BAD_USER_INPUT");
        assert_eq!(refused.await.fields(), ["password"]);
    }
    for other in others {
        other.refused(DELETE_ORGANIZATION, confirmed(), "FORBIDDEN").await;
    }
    world.anonymous().refused(DELETE_ORGANIZATION, confirmed(), "UNAUTHENTICATED").await;
}

#[tokio::test]
async fn a_deleted_organization_leaves_nothing_behind() {
    let mut world = World::start().await;
    let (ada, eve, local) = (world.newcomer().await, world.newcomer().await, LocalServer::start().await);
    let bob = world.member(&ada, "member", &[]).await;
    let theirs = eve.say("Mine").await;
    eve.answered(&theirs.generation).await;
    let own = Belongings::of(&ada, &local).await;
    let db = world.database().await;
    let of_user =
        "SELECT m.organization_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = $1";
    let organization = uuids(&db, of_user, ada.email.as_deref().unwrap()).await[0];
    let used = tables_with(&db, organization).await;
    for table in
        ["api_tokens", "audit_events", "credentials", "datastore_items", "execution_steps", "webhooks"]
    {
        assert!(used.iter().any(|used| used == table), "{table}: {used:?}");
    }
    let used = collections_with(&world, "organizationId", organization).await;
    assert_eq!(used, ["chat_messages", "generations", "presets", "threads", "usage_events"]);
    assert!(!streams_of(&world, &own.streams).await.is_empty());

    only_an_owner_deletes(&world, &ada, &[&bob, &own.token]).await;
    let reply = ada.send(DELETE_ORGANIZATION, confirmed()).await;
    let receipt = reply.text("/deleteOrganization/receipt");
    assert_eq!(reply.at("/deleteOrganization/deletion/status"), "RUNNING");
    for gone in [&ada, &bob, &own.token] {
        gone.refused("{ flows { totalCount } }", json!({}), "UNAUTHENTICATED").await;
    }
    assert_eq!(ada.http().post(&own.url).json(&json!({})).send().await.unwrap().status(), 404);
    // Another process continues.
    world.restart().await;
    local.release_all();
    let late = async || {
        // A request that was authenticated before writes what the first pass has not seen.
        let client = mongodb::Client::with_uri_str(world.mongo_url()).await.unwrap();
        let presets = client.database(&world.config.mongo.database).collection::<Document>("presets");
        let id = bson::Uuid::from_bytes(organization.into_bytes());
        let late = doc! { "_id": bson::Uuid::new(), "organizationId": id };
        presets.insert_one(late).await.unwrap();
    };
    let done = completed(&world, &receipt, late).await;
    assert_eq!(done.at("/deletionProgress/deletedId"), reply.at("/deleteOrganization/deletedId"));

    assert_eq!(tables_with(&db, organization).await, Vec::<String>::new());
    assert_eq!(collections_with(&world, "organizationId", organization).await, Vec::<String>::new());
    assert_eq!(streams_of(&world, &own.streams).await, Vec::<String>::new());
    assert!(
        uuids(&db, "SELECT id FROM organizations WHERE id = $1::uuid", &organization.to_string())
            .await
            .is_empty()
    );
    // Those who belonged to no other organization can sign up again.
    let addresses = [&ada, &bob].map(|gone| gone.email.clone().unwrap());
    for address in &addresses {
        assert!(uuids(&db, "SELECT id FROM users WHERE email = $1", address).await.is_empty());
    }
    let sign_up = "mutation($email: String!) { signUp(input: { email: $email, password: \"correct horse\",
        name: \"Ada\", organizationName: \"Again\" }) { token } }";
    world.anonymous().send(sign_up, json!({ "email": addresses[0] })).await;
    // Others keep what is theirs.
    let eve = eve.moved_to(&world.url);
    eve.message(&theirs.answer).await;
    let unknown = json!({ "receipt": "unknown" });
    world.anonymous().refused(PROGRESS, unknown, "NOT_FOUND").await;
    world.end().await;
}

/// Makes `client` a member of the organization of `owner`, and signs in there.
async fn joined(world: &World, owner: &Client, client: &Client) -> Client {
    let roles = owner.send("{ roles { id name } }", json!({})).await;
    let roles = roles.at("/roles").as_array().unwrap().clone();
    let member = roles.iter().find(|role| role["name"] == "Member").unwrap();
    let invite = "mutation($email: String!, $role: ID!) {
        inviteMember(input: { email: $email, roleId: $role }) { token } }";
    let invited = owner.send(invite, json!({ "email": client.email, "role": member["id"] })).await;
    let accept = "mutation($token: String!) {
        acceptInvitation(input: { token: $token, password: \"correct horse\" }) { token } }";
    let accepted = json!({ "token": invited.text("/inviteMember/token") });
    let accepted = world.anonymous().send(accept, accepted).await;
    client.with_token(&accepted.text("/acceptInvitation/token"))
}

#[tokio::test]
async fn a_deleted_account_takes_what_is_private_and_leaves_what_is_shared() {
    let world = World::start().await;
    let (ada, bob, local) = (world.newcomer().await, world.newcomer().await, LocalServer::start().await);
    // Bob has an organization of his own, and works in Ada's.
    let before = Belongings::of(&bob, &local).await;
    local.release_all();
    let at_work = joined(&world, &ada, &bob).await;
    let shared = Belongings::of(&at_work, &local).await;
    local.release_all();
    let db = world.database().await;
    let user = uuids(&db, "SELECT id FROM users WHERE email = $1", bob.email.as_deref().unwrap()).await[0];
    let own = "SELECT organization_id FROM memberships WHERE user_id = $1::uuid ORDER BY id LIMIT 1";
    let own = uuids(&db, own, &user.to_string()).await[0];

    let delete = |password: &str| json!({ "password": password });
    let refused = at_work.refused(DELETE_ACCOUNT, delete("wrong horse"), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["password"]);
    shared.token.refused(DELETE_ACCOUNT, delete("correct horse"), "FORBIDDEN").await;
    // Ada is the only owner of an organization with another member.
    let refused = ada.refused(DELETE_ACCOUNT, delete("correct horse"), "CONFLICT").await;
    assert!(refused.0["errors"][0]["message"].as_str().unwrap().contains("Analytical Engines"));

    let reply = at_work.send(DELETE_ACCOUNT, delete("correct horse")).await;
    let receipt = reply.text("/deleteAccount/receipt");
    for gone in [&bob, &at_work, &before.token, &shared.token] {
        gone.refused("{ flows { totalCount } }", json!({}), "UNAUTHENTICATED").await;
    }
    let sign_in =
        "mutation($e: String!) { signIn(input: { email: $e, password: \"correct horse\" }) { token } }";
    world.anonymous().refused(sign_in, json!({ "e": bob.email }), "UNAUTHENTICATED").await;
    assert_eq!(ada.http().post(&before.url).json(&json!({})).send().await.unwrap().status(), 404);
    // Ada owns the flow now, whose webhook goes on.
    assert_eq!(ada.http().post(&shared.url).json(&json!({})).send().await.unwrap().status(), 202);
    let flow = ada
        .send(
            "query($id: ID!) { flow(id: $id) { owner { id } } viewer { user { id } } }",
            json!({ "id": shared.flow }),
        )
        .await;
    assert_eq!(flow.at("/flow/owner/id"), flow.at("/viewer/user/id"));
    local.release_all();

    let done = completed(&world, &receipt, async || {}).await;
    assert_eq!(done.at("/deletionProgress/deletedId"), reply.at("/deleteAccount/deletedId"));
    for field in ["ownerId", "authorId"] {
        let left = collections_with(&world, field, user).await;
        assert!(left.iter().all(|name| name == "generations"), "those of steps stay: {left:?}");
    }
    ada.refused("query($id: ID!) { thread(id: $id) { id } }", json!({ "id": before.thread }), "NOT_FOUND")
        .await;
    assert_eq!(tables_with(&db, own).await, Vec::<String>::new());
    assert!(uuids(&db, "SELECT id FROM users WHERE id = $1::uuid", &user.to_string()).await.is_empty());
    let streams = [shared.streams[1].clone(), before.streams[1].clone()];
    assert_eq!(streams_of(&world, &streams).await, Vec::<String>::new());
    let log =
        "{ auditEvents(filter: { action: \"account.delete\" }) { nodes { targetId actorId address } } }";
    let log = ada.send(log, json!({})).await;
    let event = &log.at("/auditEvents/nodes/0");
    assert_eq!(
        (&event["targetId"], &event["actorId"], &event["address"]),
        (reply.at("/deleteAccount/deletedId"), &Value::Null, &Value::Null)
    );
    world.end().await;
}

#[tokio::test]
async fn an_account_without_other_members_takes_its_organization_with_it() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let viewer = ada.send("{ viewer { user { id } } }", json!({})).await;
    let sent = ada.say("Hello").await;
    ada.answered(&sent.generation).await;
    let reply = ada.send(DELETE_ACCOUNT, json!({ "password": "correct horse" })).await;
    assert_eq!(reply.at("/deleteAccount/deletedId"), viewer.at("/viewer/user/id"));
    completed(&world, &reply.text("/deleteAccount/receipt"), async || {}).await;
    let db = world.database().await;
    for table in ["users", "organizations", "memberships", "audit_events", "flows"] {
        let sql = format!("SELECT gen_random_uuid() FROM {table} WHERE $1 = ''");
        assert!(uuids(&db, &sql, "").await.is_empty(), "{table}");
    }
    let client = mongodb::Client::with_uri_str(world.mongo_url()).await.unwrap();
    for name in ["threads", "chat_messages", "generations", "usage_events"] {
        let left = client.database(&world.config.mongo.database).collection::<Document>(name);
        assert_eq!(left.count_documents(doc! {}).await.unwrap(), 0, "{name}");
    }
    world.end().await;
}

#[tokio::test]
async fn accounts_that_wait_for_an_organization_delay_no_other_deletion() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    // More than the task works on at a time, of an organization without an owner, whose removal takes long.
    world
        .execute(
            "WITH o AS (INSERT INTO organizations VALUES (gen_random_uuid(), 'Large', now(), now(), now()) RETURNING id),
             u AS (INSERT INTO users (id, email, name, created_at, updated_at)
                   SELECT gen_random_uuid(), 'waits' || n || '@deleted.invalid', 'W', now(), now()
                   FROM generate_series(1, 30) n RETURNING id),
             f AS (INSERT INTO flows (id, organization_id, owner_id, name, status, draft_version_id, created_at, updated_at)
                   SELECT gen_random_uuid(), o.id, u.id, 'F', 'DRAFT', gen_random_uuid(), now(), now() FROM o, u
                   RETURNING id, organization_id, draft_version_id),
             v AS (INSERT INTO flow_versions (id, organization_id, flow_id, number, created_at)
                   SELECT draft_version_id, organization_id, id, 1, now() FROM f)
             INSERT INTO deletions (id, organization_id, subject, subject_id, created_at)
             SELECT ('00000000-0000-7000-8000-' || lpad((row_number() OVER ())::text, 12, '0'))::uuid, o.id,
                 'ACCOUNT', u.id, now() - interval '1 hour' FROM o, u",
        )
        .await;
    let sent = ada.say("Hello").await;
    ada.answered(&sent.generation).await;
    let delete = "mutation($id: ID!) { deleteThread(input: { threadId: $id }) { deletion { id } } }";
    let deletion = ada.send(delete, json!({ "id": sent.thread })).await.text("/deleteThread/deletion/id");
    let state = "query($id: ID!) { node(id: $id) { ... on Deletion { status } } }";
    ada.until(state, json!({ "id": deletion }), |reply| reply.at("/node/status") == "COMPLETED").await;
    world.end().await;
}
