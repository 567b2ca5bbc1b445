//! API tokens never have more than who made them, and no access to access itself unless it is named.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Client, Reply, World, hook, steps};

const CREATE: &str = "mutation($input: CreateApiTokenInput!) {
    createApiToken(input: $input) { secret apiToken { id scopes expiresAt } } }";
const FLOW: &str = "mutation { createFlow(input: { name: \"Mine\" }) { flow { id } } }";
const FLOWS: &str = "{ flows { totalCount } }";

/// Makes a token.
async fn made(client: &Client, scopes: Value) -> (Client, Reply) {
    let reply = client.send(CREATE, json!({ "input": { "name": "CI", "scopes": scopes } })).await;
    (client.with_token(&reply.text("/createApiToken/secret")), reply)
}

fn scopes(reply: &Reply) -> Vec<&str> {
    let scopes = reply.at("/createApiToken/apiToken/scopes").as_array().expect("scopes").iter();
    scopes.map(|scope| scope.as_str().expect("text")).collect()
}

#[tokio::test]
async fn scopes_are_cut_to_what_the_maker_may_do() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let viewer = world.member(&ada, "viewer", &[]).await;
    let (token, reply) = made(&viewer, json!(["manage:flow", "read:execution", "read:flow"])).await;
    assert_eq!(scopes(&reply), ["read:flow", "read:execution"]);
    token.send(FLOWS, json!({})).await;
    token.refused(FLOW, json!({}), "FORBIDDEN").await;

    let beyond =
        json!({ "input": { "name": "CI", "scopes": ["read:flow", "publish:flow", "manage:credential"] } });
    let refused = viewer.refused(CREATE, beyond, "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["scopes.1", "scopes.2"]);
    let many = json!({ "input": { "name": "CI", "scopes": vec!["read:flow"; 101] } });
    assert_eq!(viewer.refused(CREATE, many, "BAD_USER_INPUT").await.fields(), ["scopes"]);
    world.end().await;
}

#[tokio::test]
async fn a_token_loses_what_its_user_loses() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let bob = world.member(&ada, "member", &[]).await;
    let (named, _) = made(&bob, json!(["read:flow", "create:flow"])).await;
    let (all, _) = made(&bob, json!([])).await;
    for token in [&named, &all] {
        token.send(FLOW, json!({})).await;
    }
    let email = bob.email.clone().expect("an address");
    world
        .execute(&format!(
            "UPDATE memberships m SET role_id = r.id FROM users u, roles r
             WHERE u.email = '{email}' AND u.id = m.user_id AND r.organization_id = m.organization_id
               AND r.key = 'viewer'"
        ))
        .await;
    for token in [&named, &all] {
        token.send(FLOWS, json!({})).await;
        token.refused(FLOW, json!({}), "FORBIDDEN").await;
    }
    world.end().await;
}

#[tokio::test]
async fn access_itself_needs_scopes_that_are_named() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let other = world.signed_in_again(&ada).await;
    let current = ada.send("{ sessions { nodes { id } } }", json!({})).await.text("/sessions/nodes/0/id");
    let (token, reply) = made(&ada, json!([])).await;
    let token_id = reply.text("/createApiToken/apiToken/id");
    let operations = [
        (CREATE, json!({ "input": { "name": "More" } })),
        (
            "mutation($id: ID!) { deleteApiToken(input: { id: $id }) { deletedId } }",
            json!({ "id": token_id }),
        ),
        ("mutation($id: ID!) { signOut(input: { sessionId: $id }) { signedOut } }", json!({ "id": current })),
        ("mutation { signOutEverywhere { deletedId } }", json!({})),
        ("{ sessions { totalCount } }", json!({})),
        ("{ viewer { sessions { id } } }", json!({})),
        ("{ viewer { apiTokens { id } } }", json!({})),
        ("{ auditEvents { totalCount } }", json!({})),
    ];
    for (operation, variables) in &operations {
        token.refused(operation, variables.clone(), "FORBIDDEN").await;
    }
    token.send(FLOW, json!({})).await;
    assert!(!other.send("{ viewer { user { id } } }", json!({})).await.at("/viewer").is_null());

    let named = json!(["manage:api_token", "manage:session", "read:audit_event", "read:flow"]);
    let (token, _) = made(&ada, named).await;
    for (operation, variables) in
        operations.iter().filter(|(operation, _)| !operation.contains("deleteApiToken"))
    {
        token.send(operation, variables.clone()).await;
    }
    assert_eq!(other.ask("{ viewer { user { id } } }", json!({})).await.code(), "UNAUTHENTICATED");
    token.refused(FLOW, json!({}), "FORBIDDEN").await;
    world.end().await;
}

#[tokio::test]
async fn a_token_made_by_a_token_has_no_more_and_ends_with_it() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let until = (world.services().clock.now() + Duration::from_hours(2)).to_rfc3339();
    let input = json!({ "name": "Maker", "scopes": ["manage:api_token", "read:flow"], "expiresAt": until });
    let reply = ada.send(CREATE, json!({ "input": input })).await;
    let maker = ada.with_token(&reply.text("/createApiToken/secret"));
    let maker_id = reply.text("/createApiToken/apiToken/id");

    let (child, reply) = made(&maker, json!([])).await;
    assert_eq!(scopes(&reply), ["read:flow"]);
    assert_eq!(
        reply.at("/createApiToken/apiToken/expiresAt").as_str().map(|at| &at[..16]),
        Some(&until[..16])
    );
    child.send(FLOWS, json!({})).await;
    child.refused(FLOW, json!({}), "FORBIDDEN").await;
    child.refused(CREATE, json!({ "input": { "name": "More" } }), "FORBIDDEN").await;
    let (_, reply) = made(&maker, json!(["manage:flow"])).await;
    assert_eq!(scopes(&reply), ["read:flow"]);

    let delete = "mutation($id: ID!) { deleteApiToken(input: { id: $id }) { deletedId } }";
    ada.send(delete, json!({ "id": maker_id })).await;
    assert_eq!(child.ask(FLOWS, json!({})).await.code(), "UNAUTHENTICATED");
    world.end().await;
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_tokens() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    world
        .execute(
            "INSERT INTO api_tokens (id, organization_id, user_id, name, token_hash, created_at)
             SELECT gen_random_uuid(), organization_id, user_id, 'x', sha256(n::text::bytea), now()
             FROM memberships, generate_series(1, 100) n",
        )
        .await;
    ada.refused(CREATE, json!({ "input": { "name": "One more" } }), "LIMIT_EXCEEDED").await;
    world.end().await;
}

#[tokio::test]
async fn the_url_of_a_webhook_is_shown_to_those_who_may_change_the_flow() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let grants = [("read", "flow", false), ("create", "flow", false), ("update", "flow", true)];
    let bob = world.member(&ada, "editor", &grants).await;
    let create = "mutation($steps: [StepInput!]) {
        createFlow(input: { name: \"Mine\", steps: $steps }) { flow { id webhookUrl } } }";
    let steps = json!({ "steps": steps([hook()]) });
    let theirs = ada.send(create, steps.clone()).await;
    let own = bob.send(create, steps).await;
    assert!(
        theirs.at("/createFlow/flow/webhookUrl").is_string()
            && own.at("/createFlow/flow/webhookUrl").is_string()
    );
    let (reader, _) = made(&ada, json!(["read:flow"])).await;
    let read = "query($id: ID!) { flow(id: $id) { webhookUrl } }";
    for (client, reply, visible) in
        [(&bob, &theirs, false), (&bob, &own, true), (&ada, &own, true), (&reader, &theirs, false)]
    {
        let flow = client.send(read, json!({ "id": reply.text("/createFlow/flow/id") })).await;
        assert_eq!(flow.at("/flow/webhookUrl").is_string(), visible);
    }
    world.end().await;
}
