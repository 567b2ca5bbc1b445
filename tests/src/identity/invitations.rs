//! Invitations: one account for each, for whoever has the token.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use triptych_server::config::SignUp;

use crate::harness::{Client, Reply, World};

const INVITE: &str = "mutation($email: String!, $role: ID!) {
    inviteMember(input: { email: $email, roleId: $role }) { token invitation { id email role { name } expiresAt } } }";
const ACCEPT: &str = "mutation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) { token viewer { organization { id } user { id email } } } }";
const REMOVE: &str = "mutation($user: ID!) { removeMember(input: { userId: $user }) { deletedId } }";
const VIEWER: &str =
    "{ viewer { user { id } organization { id } organizations { id } permissions { action subject } } }";

async fn id(client: &Client) -> String {
    client.send(VIEWER, json!({})).await.text("/viewer/user/id")
}

/// The id of a role by its name.
async fn role(client: &Client, name: &str) -> String {
    let reply = client.send("{ roles { id name } }", json!({})).await;
    let roles = reply.at("/roles").as_array().expect("roles").clone();
    let found =
        roles.iter().find(|role| role["name"] == name).unwrap_or_else(|| panic!("no {name}: {roles:?}"));
    found["id"].as_str().expect("an id").to_owned()
}

async fn invited(client: &Client, email: &str, role_name: &str) -> Reply {
    client.send(INVITE, json!({ "email": email, "role": role(client, role_name).await })).await
}

#[tokio::test]
async fn an_invitation_makes_an_account_once() {
    let world = World::start_with(&|config| config.identity.sign_up = SignUp::Open).await;
    let ada = world.newcomer().await;
    let made = invited(&ada, "grace@example.org", "Member").await;
    let (first, invitation) = (made.text("/inviteMember/token"), made.text("/inviteMember/invitation/id"));
    let again = invited(&ada, "Grace@example.org", "Viewer").await;
    let token = again.text("/inviteMember/token");
    assert_eq!(again.text("/inviteMember/invitation/id"), invitation, "one for an address");
    let hashes = || world.services().identity.password_hashes();
    let before = hashes();
    let accept =
        |token: &str| json!({ "input": { "token": token, "password": "correct horse", "name": "Grace" } });
    for wrong in [first.as_str(), "inv_unknown"] {
        world.anonymous().refused(ACCEPT, accept(wrong), "NOT_FOUND").await;
    }
    let refused =
        world.anonymous().refused(ACCEPT, json!({ "input": { "token": token } }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["name", "password"]);
    assert_eq!(hashes(), before, "without a valid token nothing is hashed");

    let accepts = (0..4).map(|_| {
        let anonymous = world.anonymous();
        let variables = accept(&token);
        async move { anonymous.ask(ACCEPT, variables).await }
    });
    let replies = join_all(accepts).await;
    let joined: Vec<_> = replies.iter().filter(|reply| reply.code().is_empty()).collect();
    assert_eq!(joined.len(), 1, "{replies:#?}");
    let grace = ada.with_token(&joined[0].text("/acceptInvitation/token"));
    let organization = ada.send(VIEWER, json!({})).await.text("/viewer/organization/id");
    assert_eq!(joined[0].text("/acceptInvitation/viewer/organization/id"), organization);
    grace
        .refused("mutation { createFlow(input: { name: \"No\" }) { flow { id } } }", json!({}), "FORBIDDEN")
        .await;
    let text = ada
        .send("{ auditEvents(first: 100) { nodes { action before after } } }", json!({}))
        .await
        .0
        .to_string();
    assert!(text.contains("invitation.create") && text.contains("member.join") && !text.contains(&token));
    world.anonymous().refused(ACCEPT, accept(&token), "NOT_FOUND").await;
    ada.refused(
        INVITE,
        json!({ "email": "grace@example.org", "role": role(&ada, "Viewer").await }),
        "CONFLICT",
    )
    .await;
    world.end().await;
}

#[tokio::test]
async fn a_user_joins_another_organization_with_a_session_or_the_password() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let email = eve.email.clone().expect("an address");
    let token = invited(&ada, &email, "Member").await.text("/inviteMember/token");
    let input = |password: &str| json!({ "input": { "token": token, "password": password } });
    world.anonymous().refused(ACCEPT, input("wrong horse"), "UNAUTHENTICATED").await;
    // The session of somebody else is none.
    ada.refused(ACCEPT, json!({ "input": { "token": token } }), "BAD_USER_INPUT").await;
    let joined = eve.send(ACCEPT, json!({ "input": { "token": token } })).await;
    let there = eve.with_token(&joined.text("/acceptInvitation/token"));
    let viewer = there.send(VIEWER, json!({})).await;
    let home = eve.send(VIEWER, json!({})).await.text("/viewer/organization/id");
    let away = viewer.text("/viewer/organization/id");
    assert_ne!(home, away);
    assert_eq!(viewer.at("/viewer/organizations").as_array().map(Vec::len), Some(2));

    let switch = "mutation($id: ID!) { switchOrganization(input: { organizationId: $id }) { token viewer {
        organization { id } } } }";
    let back = there.send(switch, json!({ "id": home })).await;
    assert_eq!(back.text("/switchOrganization/viewer/organization/id"), home);
    assert_eq!(there.ask(VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
    ada.refused(switch, json!({ "id": home }), "NOT_FOUND").await;

    let other = invited(&ada, "other@example.org", "Member").await;
    let revoke = "mutation($id: ID!) { revokeInvitation(input: { invitationId: $id }) { deletedId } }";
    let id_of_invitation = other.text("/inviteMember/invitation/id");
    eve.refused(revoke, json!({ "id": id_of_invitation }), "NOT_FOUND").await;
    ada.send(revoke, json!({ "id": id_of_invitation })).await;
    let used = json!({ "input": { "token": other.text("/inviteMember/token"), "name": "O", "password": "correct horse" } });
    world.anonymous().refused(ACCEPT, used, "NOT_FOUND").await;

    let late = invited(&ada, "late@example.org", "Member").await.text("/inviteMember/token");
    world.clock.advance(Duration::from_hours(8 * 24));
    let late = json!({ "input": { "token": late, "name": "Late", "password": "correct horse" } });
    world.anonymous().refused(ACCEPT, late, "NOT_FOUND").await;
    world.end().await;
}

#[tokio::test]
async fn invitations_follow_the_mode_of_sign_up_and_their_maker() {
    for (mode, code) in [(SignUp::Open, ""), (SignUp::Invite, ""), (SignUp::Closed, "FORBIDDEN")] {
        let mut world = World::start().await;
        let ada = world.newcomer().await;
        let token = invited(&ada, "grace@example.org", "Member").await.text("/inviteMember/token");
        world.config.identity.sign_up = mode;
        world.restart().await;
        let accept = json!({ "input": { "token": token, "password": "correct horse", "name": "Grace" } });
        assert_eq!(world.anonymous().ask(ACCEPT, accept).await.code(), code, "{mode:?}");
        world.end().await;
    }
    // With a member, their invitations go.
    let world = World::start().await;
    let ada = world.newcomer().await;
    let bob = world.member(&ada, "owner", &[]).await;
    let token = invited(&bob, "grace@example.org", "Owner").await.text("/inviteMember/token");
    ada.send(REMOVE, json!({ "user": id(&bob).await })).await;
    let accept = json!({ "input": { "token": token, "password": "correct horse", "name": "Grace" } });
    world.anonymous().refused(ACCEPT, accept, "NOT_FOUND").await;
    world.end().await;
}
