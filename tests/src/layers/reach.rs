//! Queries begin with a scope, or their file is listed here with its reach.

use std::{collections::BTreeMap, path::Path};

use super::{assert_none, read, sources};

/// The calls that begin a query without a scope.
const UNSCOPED: [&str; 7] = [
    "Entity::find(",
    "Entity::find_by_id(",
    "Entity::delete_many(",
    "Entity::delete_by_id(",
    "Entity::update_many(",
    ".collection(",
    ".collection::<",
];

/// Tables that do not belong to an organization.
const UNTENANTED: [&str; 2] = ["user::Entity", "organization::Entity"];

/// Files with queries across organizations: background jobs, documents that a scoped query has found, and pipelines and
/// transactions that begin with the filter of a scope.
const ACROSS_TENANTS: [&str; 34] = [
    "services/src/automation/credentials/open.rs",
    "services/src/automation/executions/accept.rs",
    "services/src/automation/executions/advance.rs",
    "services/src/automation/executions/cancel.rs",
    // Marks of executions whose subscribers were checked.
    "services/src/automation/executions/feed.rs",
    "services/src/automation/executions/finish.rs",
    "services/src/automation/executions/fire.rs",
    "services/src/automation/executions/lease.rs",
    "services/src/automation/executions/reconcile.rs",
    "services/src/automation/flows/graph.rs",
    "services/src/automation/flows/schedules.rs",
    "services/src/conversations/generations/cancel.rs",
    "services/src/conversations/generations/claim.rs",
    "services/src/conversations/generations/dispatch.rs",
    "services/src/conversations/generations/feed.rs",
    "services/src/conversations/generations/find.rs",
    "services/src/conversations/generations/finish.rs",
    "services/src/conversations/generations/lease.rs",
    "services/src/conversations/generations/orphans.rs",
    "services/src/conversations/generations/remove.rs",
    "services/src/conversations/generations/step.rs",
    "services/src/conversations/generations/usage.rs",
    "services/src/conversations/threads/delete.rs",
    "services/src/conversations/threads/insert.rs",
    "services/src/conversations/tree.rs",
    // The deletion of an account reaches all its organizations.
    "services/src/deletions/account.rs",
    "services/src/deletions/flow.rs",
    "services/src/deletions/organization.rs",
    // The receipt of a deletion is the permission.
    "services/src/deletions/receipt.rs",
    "services/src/deletions/remover.rs",
    "services/src/identity/deletion/account.rs",
    "services/src/identity/demo.rs",
    // The token of an invitation is the permission.
    "services/src/identity/invitations/accept.rs",
    "services/src/identity/sign_in.rs",
];

/// Where a query reaches a whole organization whatever the caller may do: jobs, triggers, and the parts of a row or
/// document that a narrower scope has found.
const WHOLE_ORGANIZATION: [&str; 23] = [
    "engine/src/automation/flows/attempt.rs",
    "services/src/automation/credentials/open.rs",
    "services/src/automation/credentials/webhooks.rs",
    "services/src/automation/datastore/mod.rs",
    "services/src/automation/executions/accept.rs",
    "services/src/automation/executions/cancel.rs",
    "services/src/automation/executions/feed.rs",
    "services/src/automation/executions/lease.rs",
    "services/src/automation/executions/values.rs",
    "services/src/automation/executions/wait.rs",
    "services/src/automation/flows/delete.rs",
    "services/src/automation/flows/duplicate.rs",
    "services/src/automation/flows/publish.rs",
    "services/src/conversations/generations/claim.rs",
    "services/src/conversations/threads/branch.rs",
    "services/src/conversations/threads/send.rs",
    "services/src/deletions/mod.rs",
    "services/src/deletions/organization.rs",
    "services/src/identity/deletion/organization.rs",
    // Names and roles are unique in the organization, and every member sees its roles.
    "services/src/identity/custom_roles.rs",
    "services/src/identity/invitations/accept.rs",
    "services/src/identity/invitations/invite.rs",
    "services/src/identity/members/standing.rs",
];

/// Calls that reach further than the caller's permission, by a part of their names, and the files that may contain
/// them.
const WIDE: [(&str, &str, &[&str]); 2] = [
    ("across_tenants(", "ACROSS_TENANTS", &ACROSS_TENANTS),
    ("Scope::whole(", "WHOLE_ORGANIZATION", &WHOLE_ORGANIZATION),
];

#[test]
fn queries_on_what_belongs_to_an_organization_begin_with_a_scope() {
    let mut broken = Vec::new();
    for (name, file, text) in sources() {
        if !["services", "engine", "schema", "server"].contains(&name.as_str()) {
            continue;
        }
        let path = file.to_string_lossy().into_owned();
        for (number, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", number + 1);
            let unscoped = UNSCOPED.iter().any(|call| line.contains(call));
            if unscoped && !UNTENANTED.iter().any(|table| line.contains(table)) {
                broken.push(format!(
                    "{place}: begin the query with a scope: `Entity::within(scope)`, `Documents`"
                ));
            }
            for (call, list, files) in WIDE {
                if line.contains(call) && !files.contains(&path.as_str()) {
                    broken.push(format!(
                        "{place}: `{call}`: begin the query with the scope of the caller, or add the file to {list} in \
                         {} with its reason",
                        file!()
                    ));
                }
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn files_that_may_reach_further_do() {
    let sources: BTreeMap<String, String> =
        sources().map(|(_, file, text)| (file.to_string_lossy().into_owned(), text)).collect();
    let mut broken = Vec::new();
    for (call, list, files) in WIDE {
        for file in files {
            if !sources.get(*file).is_some_and(|text| text.contains(call)) {
                broken.push(format!("{file}: no `{call}`; remove the file from {list} in {}", file!()));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn each_way_to_begin_a_query_takes_a_scope_or_names_its_reach() {
    let text = read(Path::new("stores/src/access/rows.rs"));
    let ways: Vec<_> = text.lines().map(str::trim).filter(|line| line.starts_with("fn ")).collect();
    assert!(ways.len() >= 5, "{ways:#?}");
    let broken: Vec<_> = ways
        .into_iter()
        .filter(|line| !line.contains("scope: Scope") && !line.contains("across_tenants("))
        .map(|line| {
            format!(
                "stores/src/access/rows.rs: `{line}`: take a `Scope`, or end the name in `across_tenants`"
            )
        })
        .collect();
    assert_none(&broken);
}
