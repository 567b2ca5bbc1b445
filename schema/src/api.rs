//! The interface of the schema: requests and responses are JSON, so that transports do not depend on the library.

use std::sync::Arc;

use async_graphql::{Schema, SchemaBuilder};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::BoxStream};
use triptych_services::{Services, access::Actor};

use crate::{
    batches::Batches,
    context::{Client, loaders},
    documents::Documents,
    limits::{Limits, Types},
    operation::Operation,
    outcome::Outcome,
    queues::Concurrency,
    register::{Mutation, Query, Subscription},
    request::Request,
};

/// Where this server is reached from outside, without a trailing slash.
#[derive(Debug, Clone)]
pub struct PublicUrl(pub String);

/// What the schema needs besides the services.
pub struct ApiConfig {
    pub limits: Limits,
    pub public_url: PublicUrl,
    pub concurrency: Concurrency,
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
    ///
    /// The future is boxed here, because the code of a future is compiled by the crate that polls it: otherwise each
    /// crate above compiles all resolvers again.
    #[inline(never)]
    pub fn execute(
        &self,
        operation: Operation,
        actor: Option<Arc<Actor>>,
        client: Client,
    ) -> BoxFuture<'_, Outcome> {
        async move {
            match self.prepare(operation, actor, client) {
                Ok((prepared, batches)) => {
                    let response = batches.run(self.schema.execute(prepared)).await;
                    Outcome::of(response, &self.services.clock)
                }
                Err(refused) => refused,
            }
        }
        .boxed()
    }

    /// Executes anything as a stream of responses: a query or a mutation is a stream of one.
    #[inline(never)]
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
        let clock = self.services.clock.clone();
        let responses = batches.run_stream(self.schema.execute_stream(prepared).boxed());
        responses.map(move |response| Outcome::of(response, &clock)).boxed()
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
