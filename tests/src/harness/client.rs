//! A client of GraphQL over HTTP.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{Socket, attempts, clock::PATIENCE};

/// A client, signed in or not.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub token: Option<String>,
    pub email: Option<String>,
    http: reqwest::Client,
}

/// A response.
#[derive(Debug, Clone)]
pub struct Reply(pub Value);

impl Client {
    pub fn new(url: &str) -> Self {
        triptych_server::services::tls::install();
        let http = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        Self { url: url.to_owned(), token: None, email: None, http }
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Signs up with a new account.
    pub async fn signed_up(mut self) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let email = format!("person{}@example.com", COUNT.fetch_add(1, Ordering::Relaxed));
        let reply = self
            .send(
                "mutation($input: SignUpInput!) { signUp(input: $input) { token } }",
                json!({ "input": { "email": email, "password": "correct horse", "name": "Ada",
                                   "organizationName": "Analytical Engines" } }),
            )
            .await;
        self.token = Some(reply.text("/signUp/token"));
        self.email = Some(email);
        self
    }

    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client with the new address of a restarted server.
    #[must_use]
    pub fn moved_to(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Sends an operation. Returns any response.
    pub async fn ask(&self, query: &str, variables: Value) -> Reply {
        self.try_ask(query, variables).await.expect("the server answers in JSON")
    }

    /// The same; `None` if the server does not answer.
    pub async fn try_ask(&self, query: &str, variables: Value) -> Option<Reply> {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url))
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Some(Reply(request.send().await.ok()?.json().await.ok()?))
    }

    /// Sends an operation, which must succeed.
    pub async fn send(&self, query: &str, variables: Value) -> Reply {
        let reply = self.ask(query, variables).await;
        assert!(reply.0.get("errors").is_none(), "{query}\n{:#}", reply.0);
        reply
    }

    /// Sends an operation, which must fail with this code.
    pub async fn refused(&self, query: &str, variables: Value, code: &str) -> Reply {
        let reply = self.ask(query, variables).await;
        assert_eq!(reply.code(), code, "{query}\n{:#}", reply.0);
        reply
    }

    /// Repeats an operation until the response meets the condition.
    pub async fn until(&self, query: &str, variables: Value, good: impl Fn(&Reply) -> bool) -> Reply {
        let mut attempts = attempts(PATIENCE);
        let mut last = None;
        while attempts.next().await {
            let reply = self.send(query, variables.clone()).await;
            if good(&reply) {
                return reply;
            }
            last = Some(reply);
        }
        panic!("the condition was not met in time: {last:#?}")
    }

    /// Opens a WebSocket with the session of this client.
    pub async fn socket(&self) -> Socket {
        Socket::open(&self.url, self.token.as_deref()).await
    }

    /// Creates and publishes a flow. Returns its id and the URL of its webhook.
    pub async fn published_flow(&self, steps: Value) -> (String, String) {
        self.published_graph(steps, json!([])).await
    }

    pub async fn published_graph(&self, steps: Value, links: Value) -> (String, String) {
        let created = self
            .send(
                "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id webhookUrl } } }",
                json!({ "input": { "name": "Test", "steps": steps, "links": links } }),
            )
            .await;
        let id = created.text("/createFlow/flow/id");
        self.send(
            "mutation($id: ID!) { publishFlow(input: { flowId: $id }) { flow { status } } }",
            json!({ "id": id }),
        )
        .await;
        let webhook = created.at("/createFlow/flow/webhookUrl").as_str().unwrap_or_default().to_owned();
        (id, webhook)
    }

    /// Runs a flow manually. Returns the id of the execution.
    pub async fn run_flow(&self, flow: &str, payload: Value) -> String {
        let query = "mutation($id: ID!, $payload: JSON) {
            runFlow(input: { flowId: $id, payload: $payload }) { execution { id status } } }";
        let reply = self.send(query, json!({ "id": flow, "payload": payload })).await;
        reply.text("/runFlow/execution/id")
    }

    /// Waits for the end of an execution.
    pub async fn finished(&self, execution: &str) -> Reply {
        let query = "query($id: ID!) { execution(id: $id) {
            id status test trigger error { code message } startedAt finishedAt
            steps(first: 100) { totalCount nodes { id status attempt input output error { code message }
              startedAt finishedAt step { key } } } } }";
        self.until(query, json!({ "id": execution }), |reply| !reply.at("/execution/finishedAt").is_null())
            .await
    }
}

impl Reply {
    /// The value at a path in `data`.
    pub fn at(&self, pointer: &str) -> &Value {
        self.0["data"].pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The string at a path in `data`.
    pub fn text(&self, pointer: &str) -> String {
        self.at(pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer}: {:#}", self.0)).to_owned()
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.0["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The paths of the invalid fields of the first error.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.0["errors"][0]["extensions"]["fields"].as_array().cloned().unwrap_or_default();
        fields.iter().filter_map(|field| Some(field["path"].as_str()?.to_owned())).collect()
    }

    /// The step of an execution with this key.
    pub fn step(&self, key: &str) -> &Value {
        let steps = self.at("/execution/steps/nodes").as_array().expect("steps");
        steps
            .iter()
            .find(|step| step["step"]["key"] == key)
            .unwrap_or_else(|| panic!("no step {key}: {:#}", self.0))
    }
}
