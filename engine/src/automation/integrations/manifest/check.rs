//! Validates manifests: templates refer to declared names, and every parameter is used.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use triptych_services::automation::integrations::Start;

use super::{Action, ActionKind, ErrorRule, Manifest, Service, Trigger, paging::By};
use crate::automation::{integrations::exchange, templates::Renderer};

pub(super) fn manifest(manifest: &Manifest, renderer: &Renderer) -> Result<(), String> {
    let mut keys = BTreeSet::new();
    let triggers = manifest.triggers.iter().map(|trigger| &trigger.key);
    for key in triggers.chain(manifest.actions.iter().map(|action| &action.key)) {
        if !keys.insert(key) {
            return Err(format!("two operations have the key `{key}`"));
        }
    }
    let credential = credential_names(manifest);
    if let Some(service) = &manifest.http {
        check_service(service, &credential, renderer)?;
    }
    for trigger in &manifest.triggers {
        check_trigger(trigger).map_err(|problem| format!("{}: {problem}", trigger.key))?;
    }
    for action in &manifest.actions {
        check_action(action, manifest.http.as_ref(), &credential, renderer)
            .map_err(|problem| format!("{}: {problem}", action.key))?;
    }
    Ok(())
}

fn check_trigger(trigger: &Trigger) -> Result<(), String> {
    // Polling is not implemented, so such a trigger would never fire.
    if trigger.start == Start::Poll {
        return Err("`poll` is not available yet".to_owned());
    }
    let declared = names("", &trigger.parameters);
    match trigger.start.parameters().find(|name| !declared.contains(*name)) {
        Some(name) => Err(format!("`start` names the parameter `{name}`, which is not declared")),
        None => Ok(()),
    }
}

fn check_service(
    service: &Service,
    credential: &BTreeSet<String>,
    renderer: &Renderer,
) -> Result<(), String> {
    let auth = json!([service.auth.headers, service.auth.query]);
    let used = renderer.names(&auth)?;
    if let Some(name) = used.iter().find(|name| !is_declared(name, credential)) {
        return Err(format!("`http.auth` uses `{name}`, which the credential does not have"));
    }
    check_pointers(service.error_message.iter().chain(&service.retry_after.body))?;
    check_rules(&service.errors)
}

fn check_action(
    action: &Action,
    service: Option<&Service>,
    credential: &BTreeSet<String>,
    renderer: &Renderer,
) -> Result<(), String> {
    let Some(request) = &action.request else {
        return match action.kind {
            ActionKind::Action => Err("`request` is missing".to_owned()),
            ActionKind::Branch | ActionKind::Ai => Ok(()),
        };
    };
    let service = service.ok_or("a request needs the table `http`")?;
    exchange::method(&request.method).map_err(|error| error.message)?;
    let bodies = [request.json.is_some(), request.form.is_some(), request.text.is_some()];
    if bodies.iter().filter(|given| **given).count() > 1 {
        return Err("a request has one body: `json`, `form` or `text`".to_owned());
    }
    check_rules(&action.errors)?;
    check_pointers([&action.answer.at])?;
    let own =
        json!([request.path, request.headers, request.query, request.json, request.form, request.text,]);
    let mut used = renderer.names(&own)?;
    used.extend(renderer.names(&json!([service.base, service.headers]))?);
    let parameters = names("parameters.", &action.parameters);
    if let Some(name) =
        used.iter().find(|name| !is_declared(name, &parameters) && !is_declared(name, credential))
    {
        return Err(format!("a template uses `{name}`, which is not declared"));
    }
    let headers = renderer.names(&json!([request.headers, service.headers]))?;
    if let Some(name) = headers.iter().find(|name| is_declared(name, credential)) {
        // Ordinary headers are sent on when another host is redirected to.
        return Err(format!("a header uses `{name}`; secrets belong into `http.auth`"));
    }
    if let Some(paging) = &action.paging {
        check_limit(&paging.limit, &action.parameters)?;
        used.push(format!("parameters.{}", paging.limit));
        let next = if let By::Cursor { next, .. } = &paging.by { Some(next) } else { None };
        check_pointers([&paging.items].into_iter().chain(next))?;
    }
    let used: BTreeSet<String> = used.iter().map(|name| head(name)).collect();
    match parameters.iter().find(|name| !used.contains(*name)) {
        Some(name) => Err(format!("`{name}` is used by no template")),
        None => Ok(()),
    }
}

/// Without a bound, a list would have no end.
fn check_limit(name: &str, parameters: &Map<String, Value>) -> Result<(), String> {
    let limit = parameters.get("properties").and_then(|properties| properties.get(name));
    let has = |field: &str| limit.and_then(|limit| limit.get(field)).is_some_and(Value::is_u64);
    if has("default") && has("maximum") {
        return Ok(());
    }
    Err(format!("`paging.limit` names `{name}`, which must be a parameter with a default and a maximum"))
}

fn check_rules(rules: &[ErrorRule]) -> Result<(), String> {
    for rule in rules {
        if rule.status.is_empty() && rule.body.is_empty() {
            return Err(format!("the error `{}` fits no answer: give `status` or `body`", rule.code));
        }
        check_pointers(rule.body.keys())?;
    }
    Ok(())
}

fn check_pointers<'a>(pointers: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    match pointers.into_iter().find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        Some(pointer) => Err(format!("`{pointer}` is no JSON Pointer: it must begin with `/`")),
        None => Ok(()),
    }
}

fn credential_names(manifest: &Manifest) -> BTreeSet<String> {
    let fields = manifest.credential.as_ref().and_then(|credential| credential.fields.as_ref()?.as_object());
    fields.map(|fields| names("credential.", fields)).unwrap_or_default()
}

/// The declared properties of a schema.
fn names(prefix: &str, schema: &Map<String, Value>) -> BTreeSet<String> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.map(|(name, _)| format!("{prefix}{name}")).collect()
}

fn is_declared(name: &str, declared: &BTreeSet<String>) -> bool {
    declared.contains(&head(name))
}

/// `parameters.owner` of `parameters.owner.name`.
fn head(name: &str) -> String {
    name.split('.').take(2).collect::<Vec<_>>().join(".")
}
