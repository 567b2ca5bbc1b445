//! The demo organization of private databases: a user without a password, and a published flow.

use serde_json::json;
use triptych_entities::ids::{OrganizationId, UserId};
use triptych_services::{
    Services,
    access::Origin,
    automation::flows::{GraphSpec, NewFlow, StepSpec},
    error::{Code, Coded as _},
};

use super::AppError;

/// Creates the demo organization unless it exists, and returns its user. `None` if somebody else has the address of the
/// demo user.
///
/// # Errors
/// If a database is not available.
pub(crate) async fn seed(services: &Services) -> Result<Option<(UserId, OrganizationId)>, AppError> {
    if let Some(known) = services.identity.demo().await.map_err(failed)? {
        return Ok(Some(known));
    }
    let (user, organization) = match services.identity.create_demo().await {
        Ok(created) => created,
        Err(error) if error.code() == Code::Conflict => {
            tracing::warn!("an account has the address of the demo user; there is no demo user");
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let origin = Origin::default();
    let issued = services.identity.open_session(user, organization, &origin).await.map_err(failed)?;
    let actor = services.identity.authenticate(&issued.token, &origin).await.map_err(failed)?;
    if let Some(actor) = actor {
        let flow = services.flows.create(&actor, sample_flow()).await.map_err(failed)?;
        services.flows.publish(&actor, flow.id).await.map_err(failed)?;
        services.identity.sign_out(&actor, None).await.map_err(failed)?;
    }
    Ok(Some((user, organization)))
}

/// Creates the demo organization in a database without organizations.
///
/// # Errors
/// If the database has an organization, or is not available.
pub(crate) async fn seed_empty(services: &Services) -> Result<(), AppError> {
    if services.identity.has_organizations().await.map_err(failed)? {
        return Err(AppError::Demo("the database has organizations already".to_owned()));
    }
    seed(services).await.map(drop)
}

/// Ends the sessions of the demo user, for a server that others can reach.
///
/// # Errors
/// If a database is not available.
pub(crate) async fn shut_out(services: &Services) -> Result<(), AppError> {
    services.identity.shut_out_demo().await.map_err(failed)
}

fn failed(error: impl std::error::Error) -> AppError {
    AppError::Demo(error.to_string())
}

fn sample_flow() -> NewFlow {
    let step = |key: &str, name: &str, operation: (&str, &str), parameters| StepSpec {
        key: key.to_owned(),
        name: Some(name.to_owned()),
        kind: None,
        integration: operation.0.to_owned(),
        operation: operation.1.to_owned(),
        parameters,
        credential_id: None,
        retry: None,
        timeout_seconds: None,
    };
    NewFlow {
        name: "Greet by webhook".to_owned(),
        notes: None,
        client_id: Some("demo-greeting".to_owned()),
        graph: GraphSpec {
            steps: vec![
                step("received", "When a name arrives", ("webhook", "received"), json!({})),
                step(
                    "shout",
                    "Write it large",
                    ("formatter", "text"),
                    json!({ "transform": "uppercase", "value": "{{ trigger.body.name | default('world') }}" }),
                ),
                step(
                    "remember",
                    "Remember the last name",
                    ("datastore", "set"),
                    json!({ "key": "last-name", "value": "{{ steps.shout.output.value }}" }),
                ),
                step(
                    "greet",
                    "Ask the demo model",
                    ("ai", "prompt"),
                    json!({ "model": "demo/echo", "prompt": "Greet {{ steps.shout.output.value }} warmly." }),
                ),
            ],
            links: Vec::new(),
        },
    }
}
