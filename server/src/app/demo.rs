//! The demo organization of private databases: a user and a published flow.

use secrecy::SecretString;
use serde_json::json;
use triptych_entities::ids::{OrganizationId, UserId};
use triptych_services::{
    Services,
    automation::flows::{GraphSpec, NewFlow, StepSpec},
    error::ServiceError,
    identity::SignUp,
};

use super::AppError;

/// The user whom the playground signs in as when all databases are private.
pub const DEMO_EMAIL: &str = "demo@triptych.local";
/// Not a secret: private databases can be reached from this machine only.
pub const DEMO_PASSWORD: &str = "triptych-demo";

/// Creates the demo organization unless it exists, and returns its user.
///
/// # Errors
/// If a database is not available.
pub(crate) async fn seed(services: &Services) -> Result<(UserId, OrganizationId), AppError> {
    let newcomer = SignUp {
        email: DEMO_EMAIL.to_owned(),
        password: SecretString::from(DEMO_PASSWORD),
        name: "Demo".to_owned(),
        organization_name: "Demo organization".to_owned(),
    };
    if let Some(known) = services.identity.find_by_email(DEMO_EMAIL).await.map_err(failed)? {
        return Ok(known);
    }
    let issued = match services.identity.sign_up(newcomer, None).await {
        Ok(issued) => issued,
        Err(ServiceError::Conflict(_)) => {
            let known = services.identity.find_by_email(DEMO_EMAIL).await.map_err(failed)?;
            return known.ok_or_else(|| AppError::Demo("its user belongs to no organization".to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    let actor = services.identity.authenticate(&issued.token).await.map_err(failed)?;
    if let Some(actor) = actor {
        let flow = services.flows.create(&actor, sample_flow()).await.map_err(failed)?;
        services.flows.publish(&actor, flow.id).await.map_err(failed)?;
        services.identity.sign_out(&actor).await.map_err(failed)?;
    }
    Ok((issued.session.user_id, issued.session.organization_id))
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
