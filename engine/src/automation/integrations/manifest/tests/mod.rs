//! Manifests against servers that answer as the services do, and manifests that must be refused.

mod gitea;
mod ntfy;
mod refused;
mod rules;

use std::{collections::HashMap, sync::Arc};

use axum::Router;
use chrono::{DateTime, Utc};
use serde_json::Value;
use triptych_entities::ids::{ExecutionId, ExecutionStepId, FlowId, Id as _, OrganizationId};

use super::{
    EMBEDDED, Manifest,
    load::{described, load},
    run::Described,
};
use crate::{
    automation::{
        integrations::{ActionError, Call, Credential},
        templates::Renderer,
    },
    compute::Budget,
    outbound::Outbound,
};

/// A manifest's operations, to be run against a local server.
struct Operations(HashMap<String, Described>);

impl Operations {
    /// Of an integration that is part of the binary.
    fn embedded(key: &str) -> Self {
        Self::of(EMBEDDED.iter().find(|(folder, _)| *folder == key).unwrap().1)
    }

    fn of(text: &str) -> Self {
        let renderer = Arc::new(Renderer::new());
        let manifest: Manifest = toml::from_str(text).unwrap();
        load(&manifest.key, text, Vec::new(), &renderer).unwrap_or_else(|error| panic!("{error}"));
        let service = manifest.http.map(Arc::new);
        let operations = manifest
            .actions
            .iter()
            .map(|action| (action.key.clone(), described(action, service.as_ref(), &renderer).unwrap()));
        Self(operations.collect())
    }

    async fn run(
        &self,
        operation: &str,
        parameters: Value,
        credential: Option<Value>,
    ) -> Result<Value, ActionError> {
        let nil = uuid::Uuid::nil();
        let call = Call {
            organization: OrganizationId::from_uuid(nil),
            flow: FlowId::from_uuid(nil),
            execution: ExecutionId::from_uuid(nil),
            execution_step: ExecutionStepId::from_uuid(nil),
            attempt: 1,
            integration: "",
            operation,
            parameters,
            budget: Budget::of(OrganizationId::from_uuid(nil)),
            credential: credential.map(Credential::unbound),
        };
        let outbound = Outbound::new(vec!["127.0.0.1".parse().unwrap()], Vec::new()).unwrap();
        self.0[operation].perform(&call, &outbound, now()).await
    }
}

fn now() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

/// Serves on loopback; gives the address.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}
