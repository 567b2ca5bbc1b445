//! Members, roles and ownership: nobody gives or takes what they do not have, and an organization keeps an
//! owner.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Client, World};

const UPDATE: &str = "mutation($user: ID!, $role: ID!) {
    updateMember(input: { userId: $user, roleId: $role }) { member { id role { name } } } }";
const REMOVE: &str = "mutation($user: ID!) { removeMember(input: { userId: $user }) { deletedId } }";
const TRANSFER: &str = "mutation($user: ID!) { transferOwnership(input: { userId: $user }) { member { user { id } role { name } } } }";
const INVITE: &str = "mutation($email: String!, $role: ID!) {
    inviteMember(input: { email: $email, roleId: $role }) { token invitation { id email role { name } expiresAt } } }";
const CREATE_ROLE: &str = "mutation($name: String!, $permissions: [PermissionInput!]!) {
    createRole(input: { name: $name, permissions: $permissions }) { role { id name builtIn permissions {
      action subject onlyOwn } } } }";
const MEMBERS: &str = "{ members { totalCount nodes { user { id } role { name } } } }";
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

fn permission(action: &str, subject: &str, only_own: bool) -> Value {
    json!({ "action": action, "subject": subject, "onlyOwn": only_own })
}

#[tokio::test]
async fn members_are_listed_changed_and_removed() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let bob = world.member(&ada, "member", &[]).await;
    let (ada_id, bob_id) = (id(&ada).await, id(&bob).await);
    let listed = ada.send(MEMBERS, json!({})).await;
    assert_eq!(listed.at("/members/totalCount"), 2);
    assert_eq!(listed.at("/members/nodes/0/role/name"), "Owner");

    let viewer = json!({ "user": bob_id, "role": role(&ada, "Viewer").await });
    for _ in 0..2 {
        let changed = ada.send(UPDATE, viewer.clone()).await;
        assert_eq!(changed.at("/updateMember/member/role/name"), "Viewer");
    }
    bob.refused("mutation { createFlow(input: { name: \"No\" }) { flow { id } } }", json!({}), "FORBIDDEN")
        .await;
    // Neither may change members.
    bob.refused(UPDATE, viewer, "FORBIDDEN").await;
    bob.refused(REMOVE, json!({ "user": ada_id }), "FORBIDDEN").await;

    let token = "mutation { createApiToken(input: { name: \"CI\" }) { secret } }";
    let token = bob.with_token(&bob.send(token, json!({})).await.text("/createApiToken/secret"));
    let mut socket = bob.socket().await;
    ada.send(REMOVE, json!({ "user": bob_id })).await;
    ada.refused(REMOVE, json!({ "user": bob_id }), "NOT_FOUND").await;
    for client in [&bob, &token] {
        assert_eq!(client.ask(VIEWER, json!({})).await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(ada.send(MEMBERS, json!({})).await.at("/members/totalCount"), 1);
    world.end().await;
}

#[tokio::test]
async fn nobody_gives_or_takes_what_they_do_not_have() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let grants = [("manage", "member", false), ("manage", "role", false), ("read", "flow", false)];
    let clerk = world.member(&ada, "clerk", &grants).await;
    let bob = world.member(&ada, "member", &[]).await;
    let (ada_id, bob_id, clerk_id) = (id(&ada).await, id(&bob).await, id(&clerk).await);
    let owner = role(&ada, "Owner").await;
    // Not to oneself, not to others, not by an invitation, and not from somebody who has more.
    for user in [&clerk_id, &bob_id] {
        clerk.refused(UPDATE, json!({ "user": user, "role": owner }), "FORBIDDEN").await;
    }
    let own = role(&clerk, "clerk").await;
    clerk.refused(UPDATE, json!({ "user": ada_id, "role": own }), "FORBIDDEN").await;
    clerk.refused(REMOVE, json!({ "user": bob_id }), "FORBIDDEN").await;
    clerk.refused(INVITE, json!({ "email": "x@example.org", "role": owner }), "FORBIDDEN").await;
    clerk.refused(TRANSFER, json!({ "user": clerk_id }), "FORBIDDEN").await;

    let wide = json!({ "name": "Wide", "permissions": [permission("manage", "flow", false)] });
    clerk.refused(CREATE_ROLE, wide.clone(), "FORBIDDEN").await;
    let narrow = json!({ "name": "Narrow", "permissions": [permission("read", "flow", true)] });
    let narrow = clerk.send(CREATE_ROLE, narrow).await.text("/createRole/role/id");
    let wider = "mutation($id: ID!, $permissions: [PermissionInput!]) {
        updateRole(input: { roleId: $id, permissions: $permissions }) { role { id } } }";
    let publish = json!({ "id": narrow, "permissions": [permission("publish", "flow", true)] });
    clerk.refused(wider, publish, "FORBIDDEN").await;
    let wide = ada.send(CREATE_ROLE, wide).await.text("/createRole/role/id");
    let narrowed = json!({ "id": wide, "permissions": [permission("read", "flow", true)] });
    clerk.refused(wider, narrowed, "FORBIDDEN").await;

    // A token has no more than its scopes.
    let create = "mutation { createApiToken(input: { name: \"CI\", scopes: [\"manage:member\", \"read:role\"] }) { secret } }";
    let token = ada.with_token(&ada.send(create, json!({})).await.text("/createApiToken/secret"));
    token.refused(UPDATE, json!({ "user": bob_id, "role": owner }), "FORBIDDEN").await;
    token.refused(TRANSFER, json!({ "user": bob_id }), "FORBIDDEN").await;
    world.end().await;
}

#[tokio::test]
async fn permissions_that_are_lost_do_not_count_on_open_connections() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let bob = world.member(&ada, "owner", &[]).await;
    let (bob_id, owner) = (id(&bob).await, role(&ada, "Owner").await);
    let carl = world.member(&ada, "viewer", &[]).await;
    let carl = id(&carl).await;
    let mut socket = bob.socket().await;
    ada.send(UPDATE, json!({ "user": bob_id, "role": role(&ada, "Member").await })).await;
    socket.subscribe("1", UPDATE, json!({ "user": carl, "role": owner })).await;
    let answer = socket.read().await;
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer:#}");
    world.end().await;
}

#[tokio::test]
async fn an_organization_keeps_an_owner() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let ada_id = id(&ada).await;
    let member = role(&ada, "Member").await;
    let step_down = json!({ "user": ada_id, "role": member });
    ada.refused(UPDATE, step_down.clone(), "CONFLICT").await;
    ada.refused(REMOVE, json!({ "user": ada_id }), "CONFLICT").await;

    // Of many owners who leave at the same time, one stays.
    let mut owners = vec![ada.clone()];
    for _ in 0..5 {
        owners.push(world.member(&ada, "owner", &[]).await);
    }
    let leaves = owners.iter().enumerate().map(|(n, owner)| {
        let member = member.clone();
        async move {
            let user = id(owner).await;
            match n % 2 {
                0 => owner.ask(REMOVE, json!({ "user": user })).await.code(),
                _ => owner.ask(UPDATE, json!({ "user": user, "role": member })).await.code(),
            }
        }
    });
    let codes = join_all(leaves).await;
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 5, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| *code == "CONFLICT").count(), 1, "{codes:?}");
    world.end().await;
}

#[tokio::test]
async fn the_ownership_is_transferred_once() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (bob, carl) = (world.member(&ada, "viewer", &[]).await, world.member(&ada, "viewer", &[]).await);
    let (ada_id, bob_id, carl_id) = (id(&ada).await, id(&bob).await, id(&carl).await);
    ada.refused(TRANSFER, json!({ "user": ada_id }), "CONFLICT").await;
    let transfers = [&bob_id, &carl_id].map(|to| {
        let ada = ada.clone();
        async move { ada.ask(TRANSFER, json!({ "user": to })).await.code() }
    });
    let mut codes = join_all(transfers).await;
    codes.sort();
    assert_eq!(codes, ["", "FORBIDDEN"]);
    let listed = ada.send(MEMBERS, json!({})).await;
    let roles: Vec<_> = listed
        .at("/members/nodes")
        .as_array()
        .expect("members")
        .iter()
        .map(|member| member["role"]["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(roles.iter().filter(|role| *role == "Owner").count(), 1, "{roles:?}");
    assert_eq!(listed.at("/members/nodes/0/role/name"), "Member");
    world.end().await;
}

#[tokio::test]
async fn roles_are_made_changed_and_deleted() {
    let world = World::start().await;
    let (ada, eve) = (world.newcomer().await, world.newcomer().await);
    let permissions = json!([permission("manage", "flow", true), permission("read", "execution", false)]);
    let made = ada.send(CREATE_ROLE, json!({ "name": "Builder", "permissions": permissions })).await;
    assert_eq!(made.at("/createRole/role/permissions"), &permissions);
    assert_eq!(made.at("/createRole/role/builtIn"), false);
    let id_of_role = made.text("/createRole/role/id");
    ada.refused(CREATE_ROLE, json!({ "name": "builder", "permissions": [] }), "CONFLICT").await;
    let wrong = json!({ "name": "", "permissions": [
        permission("fly", "flow", false), permission("read", "moon", false), permission("read", "thread", false),
        permission("read", "flow", false), permission("read", "flow", true)] });
    let refused = ada.refused(CREATE_ROLE, wrong, "BAD_USER_INPUT").await;
    assert_eq!(
        refused.fields(),
        ["name", "permissions.0.action", "permissions.1.subject", "permissions.2.onlyOwn", "permissions.4"]
    );
    let many = json!({ "name": "Many", "permissions": vec![permission("read", "flow", false); 201] });
    assert_eq!(ada.refused(CREATE_ROLE, many, "BAD_USER_INPUT").await.fields(), ["permissions"]);

    let bob = world.member(&ada, "viewer", &[]).await;
    let bob_id = id(&bob).await;
    ada.send(UPDATE, json!({ "user": bob_id, "role": id_of_role })).await;
    let create = "mutation { createFlow(input: { name: \"Mine\" }) { flow { id } } }";
    bob.send(create, json!({})).await;
    let update = "mutation($id: ID!, $name: String, $permissions: [PermissionInput!]) {
        updateRole(input: { roleId: $id, name: $name, permissions: $permissions }) { role { name permissions {
          action subject } } } }";
    let read = json!([permission("read", "flow", false)]);
    let changed = ada.send(update, json!({ "id": id_of_role, "name": "Reader", "permissions": read })).await;
    assert_eq!(changed.at("/updateRole/role/name"), "Reader");
    bob.refused(create, json!({}), "FORBIDDEN").await;

    let delete = "mutation($id: ID!) { deleteRole(input: { roleId: $id }) { deletedId } }";
    let built_in = role(&ada, "Owner").await;
    ada.refused(update, json!({ "id": built_in, "name": "King" }), "CONFLICT").await;
    ada.refused(delete, json!({ "id": built_in }), "CONFLICT").await;
    ada.refused(delete, json!({ "id": id_of_role }), "CONFLICT").await;
    eve.refused(delete, json!({ "id": id_of_role }), "NOT_FOUND").await;
    ada.send(UPDATE, json!({ "user": bob_id, "role": role(&ada, "Viewer").await })).await;
    ada.send(delete, json!({ "id": id_of_role })).await;
    ada.refused(delete, json!({ "id": id_of_role }), "NOT_FOUND").await;
    world.end().await;
}
