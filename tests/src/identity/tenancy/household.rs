//! Creates an instance of each type with an id.

use serde_json::json;

use crate::harness::{Client, Reply, Schema, World, step, steps};

const CREDENTIAL: &str =
    "mutation($f: JSON!) { createCredential(input: { integration: \"http\", name: \"Key\", fields: $f }) {
       credential { id } } }";
const TOKEN: &str = "mutation { createApiToken(input: { name: \"CI\" }) { secret } }";

/// Creates at least one instance of each type with an id, and waits until none of them changes. The walk fails if a type
/// is missing.
pub(super) async fn furnish(world: &World, client: &Client) {
    let made = client.send(CREDENTIAL, json!({ "f": { "bearerToken": "secret" } })).await;
    let credential = made.text("/createCredential/credential/id");
    let request = step("http.request")
        .key("request")
        .parameters(json!({ "method": "GET", "url": "http://127.0.0.1:1/" }))
        .credential(&credential)
        .retry(json!({ "maxAttempts": 1 }));
    let ask = step("ai.prompt").key("ask").parameters(json!({ "model": "demo/echo", "prompt": "Private." }));
    let (flow, _) = client.published_flow(steps([step("webhook.received"), ask, request])).await;
    client.finished(&client.run_flow(&flow, json!({})).await).await;
    client.send(TOKEN, json!({})).await;
    for collection in Schema::of(client).await.collections() {
        collection.add(client).await;
    }
    let (old, _) = client.published_flow(steps([step("webhook.received")])).await;
    let delete = "mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletion { id } } }";
    client.send(delete, json!({ "id": old })).await;
    let deletions = "{ deletions { nodes { status } } }";
    let removed = |reply: &Reply| reply.at("/deletions/nodes/0/status") == "COMPLETED";
    client.until(deletions, json!({}), removed).await;
    // Whoever may invite members has an invitation of their own, to a role with no more than they have.
    let role = "mutation($name: String!) { createRole(input: { name: $name, permissions: [
        { action: \"read\", subject: \"flow\", onlyOwn: true }] }) { role { id } } }";
    let made = client.ask(role, json!({ "name": format!("Role of {:?}", client.email) })).await;
    if made.code() != "FORBIDDEN" {
        let invite = "mutation($email: String!, $role: ID!) {
            inviteMember(input: { email: $email, roleId: $role }) { invitation { id } } }";
        let email = format!("guest.of.{}", client.email.as_deref().unwrap_or_default());
        client.send(invite, json!({ "email": email, "role": made.text("/createRole/role/id") })).await;
    }
    let sent = client.say("A private question.").await;
    client.answered(&sent.generation).await;
    // No operation writes log lines yet.
    let log = "INSERT INTO execution_logs
                 (id, organization_id, execution_id, execution_step_id, level, message, created_at)
               SELECT gen_random_uuid(), organization_id, execution_id, id, 'INFO', 'Private.', now()
               FROM execution_steps s
               WHERE NOT EXISTS (SELECT FROM execution_logs l WHERE l.execution_step_id = s.id)";
    world.execute(log).await;
}
