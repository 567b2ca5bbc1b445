//! From a manifest's text to an integration.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value, json};
use triptych_entities::relational::automation::step::Kind;
use triptych_services::automation::integrations::{CredentialKind, Integration, Operation, Schema};

use super::{Action, Credential, Manifest, Service, Trigger, check, run::Described};
use crate::automation::{
    integrations::{Native, Run, registry::BadIntegration},
    templates::Renderer,
};

/// What runs the operations of one integration, by their keys.
pub type Runs = HashMap<String, Arc<dyn Run>>;

/// An integration and its executable operations; triggers, branches and prompts have none.
pub struct Loaded {
    pub integration: Integration,
    pub runs: Runs,
}

/// Reads and checks a manifest, and joins it with the integration's operations in Rust.
pub fn load(
    folder: &str,
    text: &str,
    native: Vec<Native>,
    renderer: &Arc<Renderer>,
) -> Result<Loaded, BadIntegration> {
    let bad = |problem: String| BadIntegration { integration: folder.to_owned(), problem };
    let manifest: Manifest = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
    if manifest.key != folder {
        return Err(bad(format!("its key is `{}`, not the name of its folder", manifest.key)));
    }
    check::manifest(&manifest, renderer).map_err(bad)?;
    assemble(manifest, native, renderer).map_err(bad)
}

fn assemble(manifest: Manifest, native: Vec<Native>, renderer: &Arc<Renderer>) -> Result<Loaded, String> {
    let derived = native.iter().find_map(|native| native.credential.clone());
    let credential =
        manifest.credential.map(|credential| credential_kind(credential, derived)).transpose()?;
    let service = manifest.http.map(Arc::new);
    let (mut operations, mut runs) = (Vec::new(), Runs::new());
    for trigger in manifest.triggers {
        operations.push(trigger_operation(trigger)?);
    }
    for action in manifest.actions {
        operations.push(action_operation(&action)?);
        if let Some(described) = described(&action, service.as_ref(), renderer) {
            runs.insert(action.key, Arc::new(described));
        }
    }
    for native in native {
        let about = native.about;
        operations.push(Operation {
            key: about.key.to_owned(),
            name: about.name.to_owned(),
            description: about.description.to_owned(),
            kind: about.kind,
            start: None,
            parameters: schema(about.key, native.parameters)?,
            output: native.output,
        });
        runs.insert(about.key.to_owned(), native.run);
    }
    let integration = Integration {
        key: manifest.key,
        name: manifest.name,
        description: manifest.description,
        icon: manifest.icon,
        credential,
        operations,
    };
    Ok(Loaded { integration, runs })
}

/// What runs an action that is an HTTP request.
pub(super) fn described(
    action: &Action,
    service: Option<&Arc<Service>>,
    renderer: &Arc<Renderer>,
) -> Option<Described> {
    let service = service?;
    Some(Described {
        renderer: renderer.clone(),
        service: service.clone(),
        request: action.request.clone()?,
        answer: action.answer.clone(),
        paging: action.paging.clone(),
        errors: [action.errors.as_slice(), service.errors.as_slice()].concat(),
        defaults: defaults(&action.parameters),
        output: action.output.clone(),
    })
}

fn credential_kind(credential: Credential, derived: Option<Value>) -> Result<CredentialKind, String> {
    let fields = match (credential.fields, derived) {
        (Some(Value::Object(fields)), None) => closed(fields),
        (None, Some(fields)) => fields,
        _ => {
            return Err("`credential.fields` must be a table here or come from Rust, and not both".to_owned());
        }
    };
    Ok(CredentialKind {
        description: credential.description,
        fields: schema("credential", fields)?,
        required: credential.required,
    })
}

fn trigger_operation(trigger: Trigger) -> Result<Operation, String> {
    Ok(Operation {
        parameters: schema(&trigger.key, closed(trigger.parameters))?,
        key: trigger.key,
        name: trigger.name,
        description: trigger.description,
        kind: Kind::Trigger,
        start: Some(trigger.start),
        output: closed(trigger.output),
    })
}

fn action_operation(action: &Action) -> Result<Operation, String> {
    let output = closed(action.output.clone());
    Ok(Operation {
        key: action.key.clone(),
        name: action.name.clone(),
        description: action.description.clone(),
        kind: action.kind.into(),
        start: None,
        parameters: schema(&action.key, closed(action.parameters.clone()))?,
        output: if action.paging.is_some() { list_of(output) } else { output },
    })
}

fn schema(name: &str, json: Value) -> Result<Schema, String> {
    Schema::new(json).map_err(|error| format!("{name}: {error}"))
}

/// The schema of an object in a manifest, without undeclared properties.
fn closed(schema: Map<String, Value>) -> Value {
    let mut closed = Map::new();
    closed.insert("type".to_owned(), json!("object"));
    closed.insert("additionalProperties".to_owned(), json!(false));
    closed.extend(schema);
    closed.entry("properties").or_insert_with(|| json!({}));
    Value::Object(closed)
}

/// The output of an operation that reads pages.
fn list_of(item: Value) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["items", "more"],
        "properties": {
            "items": { "type": "array", "items": item, "description": "What was found, in the service's order." },
            "more": { "type": "boolean", "description": "Whether there are more items than the limit." }
        }
    })
}

/// The defaults that the schema declares.
fn defaults(schema: &Map<String, Value>) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone()))).collect()
}
