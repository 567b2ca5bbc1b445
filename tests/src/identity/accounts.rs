//! Signing up, in and out; API tokens; permissions of roles.

use serde_json::json;

use crate::harness::World;

const VIEWER: &str =
    "{ viewer { user { id email name } organization { id name } permissions { action subject onlyOwn }
       sessions { id current } apiTokens { id name scopes } } }";
const SIGN_IN: &str =
    "mutation($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) {
       token expiresAt viewer { user { email } organization { name } } } }";

#[tokio::test]
async fn a_newcomer_signs_up_and_owns_an_organization() {
    let world = World::start().await;
    assert!(world.anonymous().send(VIEWER, json!({})).await.at("/viewer").is_null());

    let ada = world.newcomer().await;
    let viewer = ada.send(VIEWER, json!({})).await;
    assert_eq!(viewer.at("/viewer/organization/name"), "Analytical Engines");
    assert!(viewer.text("/viewer/user/id").starts_with("user_"));
    assert!(viewer.text("/viewer/organization/id").starts_with("org_"));
    assert_eq!(viewer.at("/viewer/sessions/0/current"), true);

    let again = json!({ "input": { "email": ada.email.clone().unwrap().to_uppercase(), "password": "correct horse",
        "name": "Ada", "organizationName": "Again" } });
    let sign_up = "mutation($input: SignUpInput!) { signUp(input: $input) { token } }";
    world.anonymous().refused(sign_up, again, "CONFLICT").await;

    let wrong =
        json!({ "input": { "email": "nobody", "password": "short", "name": "", "organizationName": "" } });
    let refused = world.anonymous().refused(sign_up, wrong, "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["email", "name", "organizationName", "password"]);
    world.end().await;
}

#[tokio::test]
async fn signing_in_requires_the_password_and_signing_out_ends_the_session() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let email = ada.email.clone().unwrap();

    let wrong = json!({ "email": email, "password": "wrong horse" });
    let unknown = json!({ "email": "nobody@example.com", "password": "wrong horse" });
    let first = world.anonymous().refused(SIGN_IN, wrong, "UNAUTHENTICATED").await;
    let second = world.anonymous().refused(SIGN_IN, unknown, "UNAUTHENTICATED").await;
    assert_eq!(first.0["errors"][0]["message"], second.0["errors"][0]["message"]);

    let right = json!({ "email": email, "password": "correct horse" });
    let reply = world.anonymous().send(SIGN_IN, right).await;
    assert_eq!(reply.text("/signIn/viewer/user/email"), email);
    let session = ada.with_token(&reply.text("/signIn/token"));
    session.send("mutation { signOut(input: {}) { signedOut } }", json!({})).await;
    let after = session.ask(VIEWER, json!({})).await;
    assert_eq!(after.code(), "UNAUTHENTICATED");
    // The other session is still valid.
    assert!(!ada.send(VIEWER, json!({})).await.at("/viewer").is_null());
    world.end().await;
}

#[tokio::test]
async fn sessions_survive_a_restart_of_the_server() {
    let mut world = World::start().await;
    let mut ada = world.newcomer().await;
    world.restart().await;
    ada.url.clone_from(&world.url);
    assert!(!ada.send(VIEWER, json!({})).await.at("/viewer").is_null());
    world.end().await;
}

#[tokio::test]
async fn an_api_token_is_limited_to_its_scopes_until_it_is_deleted() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let create = "mutation($input: CreateApiTokenInput!) {
        createApiToken(input: $input) { secret apiToken { id name scopes lastUsedAt } } }";
    let made = ada.send(create, json!({ "input": { "name": "CI", "scopes": ["read:flow"] } })).await;
    let token = ada.with_token(&made.text("/createApiToken/secret"));
    token.send("{ flows { nodes { id } } }", json!({})).await;
    let attempt = "mutation { createFlow(input: { name: \"No\" }) { flow { id } } }";
    token.refused(attempt, json!({}), "FORBIDDEN").await;

    let listed = ada.send(VIEWER, json!({})).await;
    assert_eq!(listed.at("/viewer/apiTokens/0/name"), "CI");
    assert!(!listed.0.to_string().contains(&made.text("/createApiToken/secret")));

    let id = made.text("/createApiToken/apiToken/id");
    let delete = "mutation($id: ID!) { deleteApiToken(input: { id: $id }) { deletedId } }";
    ada.send(delete, json!({ "id": id })).await;
    ada.refused(delete, json!({ "id": id }), "NOT_FOUND").await;
    assert_eq!(token.ask("{ flows { nodes { id } } }", json!({})).await.code(), "UNAUTHENTICATED");

    let bad = json!({ "input": { "name": "", "scopes": ["fly:moon"], "expiresAt": "2001-01-01T00:00:00Z" } });
    let refused = ada.refused(create, bad, "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["name", "expiresAt", "scopes.0"]);
    world.end().await;
}

#[tokio::test]
async fn requests_without_authentication_are_unauthenticated() {
    let world = World::start().await;
    for query in [
        "{ flows { nodes { id } } }",
        "{ executions { nodes { id } } }",
        "{ integrations { nodes { key } } }",
        "{ queues { name } }",
        "mutation { createFlow(input: { name: \"No\" }) { flow { id } } }",
    ] {
        world.anonymous().refused(query, json!({}), "UNAUTHENTICATED").await;
    }
    world.end().await;
}
