//! The schema behind one door: a request goes in as JSON, answers come out as JSON. Transports know this and
//! nothing of the library behind it.

use std::sync::Arc;

use async_graphql::{MergedObject, MergedSubscription, Response, Schema, SchemaBuilder, ServerError};
use futures::{StreamExt as _, stream::BoxStream};
use serde::Deserialize;
use triptych_services::{Services, access::Actor, error::Code, mint::Mint};

use crate::{
    automation::{
        credentials::{CredentialMutation, CredentialQuery},
        executions::{ExecutionMutation, ExecutionQuery, ExecutionSubscription},
        flows::{FlowMutation, FlowQuery},
        integrations::IntegrationQuery,
    },
    batches::Batches,
    context::{Client, loaders},
    conversations::{
        generations::{GenerationMutation, GenerationQuery, GenerationSubscription},
        presets::{PresetMutation, PresetQuery},
        threads::{ThreadMutation, ThreadQuery},
    },
    documents::Documents,
    errors,
    identity::{IdentityMutation, IdentityQuery},
    limits::{Limits, Types},
    node::NodeQuery,
    operation::Operation,
    queues::{Concurrency, QueueQuery},
};

/// The root of queries.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQuery,
    IdentityQuery,
    IntegrationQuery,
    FlowQuery,
    ExecutionQuery,
    CredentialQuery,
    ThreadQuery,
    GenerationQuery,
    PresetQuery,
    QueueQuery,
);

/// The root of mutations. Each mutation takes one `input` and returns one payload.
#[derive(MergedObject, Default)]
pub struct Mutation(
    IdentityMutation,
    FlowMutation,
    ExecutionMutation,
    CredentialMutation,
    ThreadMutation,
    GenerationMutation,
    PresetMutation,
);

/// The root of subscriptions.
#[derive(MergedSubscription, Default)]
pub struct Subscription(ExecutionSubscription, GenerationSubscription);

/// Where this server is reached from outside, without a trailing slash.
#[derive(Debug, Clone)]
pub struct PublicUrl(pub String);

/// What the schema needs besides the services.
pub struct ApiConfig {
    pub limits: Limits,
    pub public_url: PublicUrl,
    pub concurrency: Concurrency,
}

/// One GraphQL request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub query: String,
    #[serde(default)]
    pub operation_name: Option<String>,
    #[serde(default)]
    pub variables: Option<serde_json::Map<String, serde_json::Value>>,
    /// Accepted and ignored, as the specification wants.
    #[serde(default)]
    pub extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What a document asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    Query,
    Mutation,
    Subscription,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `{ data errors extensions }`, as JSON; without `data` when nothing was executed.
    pub body: String,
    /// Whether anything was executed: `false` when the document was refused as it is.
    pub executed: bool,
    /// The errors alone, as a JSON list, when nothing was executed.
    pub errors: String,
    /// `Set-Cookie` and the like.
    pub headers: Vec<(String, String)>,
}

/// The schema before its settings.
fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

/// The schema.
#[derive(Clone)]
pub struct Api {
    schema: Schema<Query, Mutation, Subscription>,
    services: Services,
    limits: Limits,
    types: Arc<Types>,
    documents: Documents,
}

impl Api {
    /// # Panics
    /// If the schema's own SDL does not parse, which every start and every test would show.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the SDL is the library's own text of this very schema")]
    pub fn new(services: Services, config: ApiConfig) -> Self {
        let ApiConfig { limits, public_url, concurrency } = config;
        let schema = builder()
            .data(services.clone())
            .data(public_url)
            .data(concurrency)
            .limit_recursive_depth(limits.nesting)
            .finish();
        let types = Arc::new(Types::of(&schema.sdl()).expect("the SDL parses"));
        Self { schema, services, limits, types, documents: Documents::new() }
    }

    /// The schema in its own language, for clients and for review.
    #[must_use]
    pub fn sdl() -> String {
        let schema = builder().finish();
        schema.sdl_with_options(async_graphql::SDLExportOptions::new().sorted_enum_items())
    }

    /// Checks the size of a document and parses it.
    ///
    /// # Errors
    /// The answer to give instead: it exceeds a limit, does not parse, or has no such operation.
    pub fn parse(&self, request: Request) -> Result<Operation, Outcome> {
        Operation::parse(request, &self.limits, &self.documents)
    }

    /// Executes a query or a mutation.
    pub async fn execute(&self, operation: Operation, actor: Option<Arc<Actor>>, client: Client) -> Outcome {
        match self.prepare(operation, actor, client) {
            Ok((prepared, batches)) => {
                let response = batches.run(self.schema.execute(prepared)).await;
                outcome(&self.services.mint, response)
            }
            Err(refused) => refused,
        }
    }

    /// Executes anything as a stream of answers: a query or a mutation is a stream of one.
    pub fn stream(
        &self,
        operation: Operation,
        actor: Option<Arc<Actor>>,
        client: Client,
    ) -> BoxStream<'static, Outcome> {
        let (prepared, batches) = match self.prepare(operation, actor, client) {
            Ok(prepared) => prepared,
            Err(refused) => return futures::stream::iter([refused]).boxed(),
        };
        let mint = self.services.mint.clone();
        let responses = batches.run_stream(self.schema.execute_stream(prepared).boxed());
        responses.map(move |response| outcome(&mint, response)).boxed()
    }

    fn prepare(
        &self,
        operation: Operation,
        actor: Option<Arc<Actor>>,
        client: Client,
    ) -> Result<(async_graphql::Request, Batches), Outcome> {
        operation.check(&self.limits, &self.types)?;
        let batches = Batches::default();
        let mut prepared = operation.into_request().data(client);
        if let Some(actor) = actor {
            let loaders = loaders(actor.clone(), self.services.clone(), batches.clone());
            prepared = prepared.data(loaders).data(actor);
        }
        Ok((prepared, batches))
    }
}

fn outcome(mint: &Mint, mut response: Response) -> Outcome {
    // Without data, an error without a path was found before anything ran.
    let executed = response.errors.is_empty()
        || response.data != async_graphql::Value::Null
        || response.errors.iter().any(|error: &ServerError| !error.path.is_empty());
    for error in &mut response.errors {
        errors::present(error, mint);
    }
    if !executed {
        return Outcome::refused(&response.errors);
    }
    let headers = response
        .http_headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    Outcome { body: response.write(), errors: String::new(), executed, headers }
}

impl Outcome {
    /// The answer to a document that cannot be executed as it is: errors, and no `data`.
    pub(crate) fn refused(errors: &[ServerError]) -> Self {
        let mut errors = errors.to_vec();
        for error in &mut errors {
            errors::refuse(error);
        }
        let errors = errors.write();
        Self { body: format!(r#"{{"errors":{errors}}}"#), errors, executed: false, headers: Vec::new() }
    }

    /// The answer to what a transport does not let through.
    #[must_use]
    pub fn refuse(code: Code, message: &str) -> Self {
        let mut error = ServerError::new(message, None);
        errors::set_code(&mut error, code);
        Self::refused(&[error])
    }

    pub(crate) fn refused_because(message: String) -> Self {
        Self::refused(&[ServerError::new(message, None)])
    }
}

/// Serialisation that cannot fail here: responses are made of JSON values.
trait Write {
    fn write(&self) -> String;
}

impl<T: serde::Serialize> Write for T {
    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned())
    }
}
