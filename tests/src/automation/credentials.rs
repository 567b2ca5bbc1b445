//! Credentials: where they are sent, which flows and members use them, and those of webhooks.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Client, LocalServer, Step, World, get, hook, steps};

const CREATE: &str =
    "mutation($input: CreateCredentialInput!) { createCredential(input: $input) { credential { id } } }";
const UPDATE: &str =
    "mutation($input: UpdateCredentialInput!) { updateCredential(input: $input) { credential { hosts } } }";
const CREATE_FLOW: &str = "mutation($steps: [StepInput!]!) {
    createFlow(input: { name: \"F\", steps: $steps }) { flow { id } } }";
const DRAFT: &str =
    "query($id: ID!) { flow(id: $id) { webhookUrl draft { steps { parameters credential { id name } } } } }";

async fn created(client: &Client, input: Value) -> String {
    client.send(CREATE, json!({ "input": input })).await.text("/createCredential/credential/id")
}

fn bearer() -> Value {
    json!({ "integration": "http", "name": "Key", "fields": { "bearerToken": "t0k3n" } })
}

/// A request with a credential.
fn call(url: &str, credential: &str) -> Step {
    get("call", url).credential(credential)
}

/// Runs a flow, and returns its step.
async fn ran(client: &Client, flow: &str) -> Value {
    client.finished(&client.run_flow(flow, json!({})).await).await.step("call").clone()
}

#[tokio::test]
async fn a_credential_is_sent_to_its_hosts_only() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let credential = created(&ada, bearer()).await;
    let by_name = local.url.replace("127.0.0.1", "localhost");
    let echo = |url: &str| steps([hook(), call(&format!("{url}/echo"), &credential)]);
    let (first, _) = ada.published_flow(echo(&local.url)).await;
    let (second, _) = ada.published_flow(echo(&by_name)).await;

    let read = "query { credentials { nodes { hosts } } }";
    assert_eq!(*ada.send(read, json!({})).await.at("/credentials/nodes/0/hosts"), Value::Null);
    assert_eq!(ran(&ada, &first).await["status"], "SUCCEEDED");
    assert_eq!(*ada.send(read, json!({})).await.at("/credentials/nodes/0/hosts"), json!(["127.0.0.1"]));
    let hits = local.hits();
    let refused = ran(&ada, &second).await;
    assert_eq!(
        (&refused["status"], &refused["error"]["code"]),
        (&json!("FAILED"), &json!("CREDENTIAL_HOST"))
    );
    assert!(refused["error"]["message"].as_str().expect("a message").contains("is for 127.0.0.1"));
    assert_eq!(local.hits(), hits, "nothing is sent");

    let hosts = json!({ "id": credential, "hosts": ["LOCALHOST"] });
    let updated = ada.send(UPDATE, json!({ "input": hosts })).await;
    assert_eq!(*updated.at("/updateCredential/credential/hosts"), json!(["localhost"]));
    assert_eq!(ran(&ada, &second).await["status"], "SUCCEEDED");
    assert_eq!(ran(&ada, &first).await["error"]["code"], "CREDENTIAL_HOST");

    // Other secrets may be for another host.
    let fields = json!({ "id": credential, "fields": { "bearerToken": "other" } });
    let updated = ada.send(UPDATE, json!({ "input": fields })).await;
    assert_eq!(*updated.at("/updateCredential/credential/hosts"), Value::Null);
    let wrong = json!({ "id": credential, "name": "", "hosts": ["ok.example", "https://a.example/"] });
    let refused = ada.refused(UPDATE, json!({ "input": wrong }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["name", "hosts.1"]);
    world.execute("UPDATE credentials SET integration = 'retired'").await;
    let refused = ada.refused(UPDATE, json!({ "input": fields }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["fields"]);
    world.newcomer().await.refused(UPDATE, json!({ "input": { "id": credential } }), "NOT_FOUND").await;
    world.end().await;
}

#[tokio::test]
async fn a_credential_of_a_flow_is_for_that_flow() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let (flow, _) = ada.published_flow(steps([hook()])).await;
    let mut input = bearer();
    input["flowId"] = json!(flow);
    let credential = created(&ada, input).await;
    let with = steps([hook(), call(&format!("{}/echo", local.url), &credential)]);
    let refused = ada.refused(CREATE_FLOW, json!({ "steps": with }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["steps.1.credentialId"]);

    let update = "mutation($id: ID!, $steps: [StepInput!]!) {
        updateFlowDraft(input: { flowId: $id, steps: $steps }) { flow { id } } }";
    ada.send(update, json!({ "id": flow, "steps": with })).await;
    let duplicate = "mutation($id: ID!) { duplicateFlow(input: { flowId: $id }) { flow { id } } }";
    let copy = ada.send(duplicate, json!({ "id": flow })).await.text("/duplicateFlow/flow/id");
    let publish = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }";
    ada.send(publish, json!({ "id": copy })).await;
    assert_eq!(ran(&ada, &copy).await["status"], "SUCCEEDED", "the copy has a credential of its own");
    let of_copy = ada.send(DRAFT, json!({ "id": copy })).await;
    assert_ne!(of_copy.text("/flow/draft/steps/1/credential/id"), credential);
    world.end().await;
}

#[tokio::test]
async fn using_a_credential_needs_a_permission() {
    let world = World::start().await;
    let (ada, local) = (world.newcomer().await, LocalServer::start().await);
    let credential = created(&ada, bearer()).await;
    let with = steps([hook(), call(&format!("{}/echo", local.url), &credential)]);
    let reading = [("create", "flow", false), ("read", "flow", false), ("read", "credential", false)];
    let reader = world.member(&ada, "reader", &reading).await;
    let refused = reader.refused(CREATE_FLOW, json!({ "steps": with }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["steps.1.credentialId"]);
    let using = [&reading[..], &[("use", "credential", false)]].concat();
    let user = world.member(&ada, "user", &using).await;
    user.send(CREATE_FLOW, json!({ "steps": with })).await;
    world.end().await;
}

#[tokio::test]
async fn the_secret_of_a_webhook_is_a_credential() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let secured = steps([hook().parameters(json!({ "secret": "correct-horse" }))]);
    let (flow, url) = ada.published_flow(secured.clone()).await;
    let draft = ada.send(DRAFT, json!({ "id": flow })).await;
    assert_eq!(*draft.at("/flow/draft/steps/0/parameters"), json!({}));
    let credential = draft.text("/flow/draft/steps/0/credential/id");
    assert_eq!(*draft.at("/flow/draft/steps/0/credential/name"), "Webhook secret");
    let post = async |secret: Option<&str>| {
        let request = ada.http().post(&url).json(&json!({}));
        let request = match secret {
            Some(secret) => request.header("x-webhook-secret", secret),
            None => request,
        };
        request.send().await.expect("an answer").status().as_u16()
    };
    let answers = [post(None).await, post(Some("correct-hors")).await, post(Some("correct-horse")).await];
    assert_eq!(answers, [401, 401, 202]);

    // Saving the same secret again keeps the credential, another one replaces it.
    let update = "mutation($id: ID!, $steps: [StepInput!]!) {
        updateFlowDraft(input: { flowId: $id, steps: $steps }) { flow { draft { steps { credential { id } } } } } }";
    let id = "/updateFlowDraft/flow/draft/steps/0/credential/id";
    assert_eq!(ada.send(update, json!({ "id": flow, "steps": secured })).await.text(id), credential);
    let other = steps([hook().parameters(json!({ "secret": "another-horse" }))]);
    assert_ne!(ada.send(update, json!({ "id": flow, "steps": other })).await.text(id), credential);
    let both = steps([hook().parameters(json!({ "secret": "another-horse" })).credential(&credential)]);
    let refused = ada.refused(update, json!({ "id": flow, "steps": both }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["steps.0.credentialId"]);

    // The published version uses the first one: without it, everybody could start the flow.
    let delete = "mutation($id: ID!) { deleteCredential(input: { id: $id }) { deletedId } }";
    ada.refused(delete, json!({ "id": credential }), "CONFLICT").await;
    assert_eq!([post(None).await, post(Some("correct-horse")).await], [401, 202]);

    let duplicate = "mutation($id: ID!) { duplicateFlow(input: { flowId: $id }) { flow { id webhookUrl } } }";
    let copy = ada.send(duplicate, json!({ "id": flow })).await;
    let publish = "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { id } } }";
    ada.send(publish, json!({ "id": copy.text("/duplicateFlow/flow/id") })).await;
    let answer = ada.http().post(copy.text("/duplicateFlow/flow/webhookUrl")).json(&json!({})).send().await;
    assert_eq!(answer.expect("an answer").status(), 401, "the copy is not open to everyone");
    world.end().await;
}

#[tokio::test]
async fn signed_requests_start_a_flow_within_the_tolerance() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let fields = json!({ "secret": "whsec_of_stripe", "scheme": "stripe", "toleranceSeconds": 60 });
    let input = json!({ "integration": "webhook", "name": "Stripe", "fields": fields });
    let credential = created(&ada, input).await;
    let (_, url) = ada.published_flow(steps([hook().credential(&credential)])).await;
    #[expect(clippy::disallowed_methods, reason = "the sender of a request has a clock of its own")]
    let now =
        SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs().cast_signed();
    let body = r#"{ "type": "invoice.paid" }"#;
    let post = async |time: i64, body: &str, sent: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"whsec_of_stripe").expect("a key");
        mac.update(format!("{time}.{body}").as_bytes());
        let code = hex::encode(mac.finalize().into_bytes());
        let request = ada.http().post(&url).header("stripe-signature", format!("t={time},v1={code}"));
        let request = request.header("content-type", "application/json").body(sent.to_owned());
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(post(now, body, body).await, 202);
    assert_eq!(post(now, body, r#"{ "type": "invoice.voided" }"#).await, 401, "another body");
    assert_eq!(post(now - 120, body, body).await, 401, "too old");
    let wrong =
        json!({ "integration": "webhook", "name": "K", "fields": { "secret": "short", "scheme": "none" } });
    let refused = ada.refused(CREATE, json!({ "input": wrong }), "BAD_USER_INPUT").await;
    assert_eq!(refused.fields(), ["fields.secret", "fields.scheme"]);
    world.end().await;
}

#[tokio::test]
async fn a_rotated_webhook_answers_at_its_new_address_only() {
    let world = World::start().await;
    let ada = world.newcomer().await;
    let (flow, url) = ada.published_flow(steps([hook()])).await;
    let rotate = "mutation($id: ID!) { rotateWebhook(input: { flowId: $id }) { flow { webhookUrl } } }";
    world.newcomer().await.refused(rotate, json!({ "id": flow }), "NOT_FOUND").await;
    let new = ada.send(rotate, json!({ "id": flow })).await.text("/rotateWebhook/flow/webhookUrl");
    let post =
        async |url: &str| ada.http().post(url).json(&json!({})).send().await.expect("an answer").status();
    assert_eq!((post(&url).await.as_u16(), post(&new).await.as_u16()), (404, 202));
    world.end().await;
}
