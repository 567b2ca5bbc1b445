//! Sends ids of other tenants in every argument and input field that takes an id.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    sites::{self, Site},
    walk::Reached,
};
use crate::harness::{Client, Reply, Schema, Socket};

/// Sites that accept no id yet.
const CLOSED: [&str; 1] = ["Mutation.sendMessage(input.agentId)"];

/// Sites that take ids of all kinds, of objects that may not exist any more.
const ANY_KIND: [&str; 1] = ["Query.auditEvents(filter.targetId)"];

/// Mutations whose response does not depend on the existence of the id: they return `true` for deleted objects.
const SILENT: [&str; 1] = ["Mutation.signOut(input.sessionId)"];

/// A client with the objects that it can reach.
pub(super) struct Attacker<'a> {
    pub(super) name: &'static str,
    pub(super) client: &'a Client,
    pub(super) own: &'a Reached,
    /// Whether the foreign ids are of all kinds, so that each site looks one up.
    pub(super) every_kind: bool,
}

impl Attacker<'_> {
    /// Sends each id in each site. The response must be that to an id of the same kind that does not exist, without data.
    pub(super) async fn try_all(&self, schema: &Schema, ids: &BTreeMap<&str, &str>) {
        let mut socket = self.client.socket().await;
        let mut wrong = Vec::new();
        for site in sites::all(schema) {
            let mut answers = BTreeSet::new();
            for (id, kind) in first_and_last(ids) {
                let nowhere = nowhere(id);
                let foreign = self.ask(&mut socket, schema, &site, id).await;
                let missing = self.ask(&mut socket, schema, &site, &nowhere).await;
                let place = format!("{} with the {kind} of another as {}", site.name(), self.name);
                let told = foreign.0.to_string().replace(id, "<id>");
                let silent = SILENT.contains(&site.name().as_str()) && foreign.0["errors"].is_null();
                if let Some(problem) = problem(&site, &foreign).filter(|_| !silent) {
                    wrong.push(format!("{place}: {problem}: {:#}", foreign.0));
                } else if told != missing.0.to_string().replace(&nowhere, "<id>") {
                    let missing = missing.0;
                    wrong.push(format!("{place}: unlike an id that exists nowhere: {told}\n{missing}"));
                }
                answers.insert(told);
            }
            // The same response for all kinds means that no id was looked up, unless the site takes ids of all kinds.
            let looked_up = answers.len() > 1
                || site.name().starts_with("Query.node")
                || ANY_KIND.contains(&site.name().as_str());
            if self.every_kind && !looked_up && !CLOSED.contains(&site.name().as_str()) {
                wrong.push(format!("{}: no id was looked up as {}: {answers:?}", site.name(), self.name));
            }
        }
        assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
    }

    async fn ask(&self, socket: &mut Socket, schema: &Schema, site: &Site, id: &str) -> Reply {
        let (document, variables) = site.document(schema, self.own, id);
        if !site.is_subscription() {
            return self.client.ask(&document, variables).await;
        }
        socket.subscribe("1", &document, variables).await;
        let first = socket.read().await;
        if first["type"] == "error" {
            return Reply(json!({ "errors": first["payload"] }));
        }
        assert_eq!(socket.read().await["type"], "complete", "{}: {first:#}", site.name());
        Reply(first["payload"].clone())
    }
}

/// Two ids of each kind: the oldest and the newest.
fn first_and_last<'a>(ids: &BTreeMap<&'a str, &'a str>) -> BTreeMap<&'a str, &'a str> {
    let mut ends: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (id, kind) in ids {
        ends.entry(kind).and_modify(|ends| ends.1 = id).or_insert((id, id));
    }
    ends.into_iter().flat_map(|(kind, (first, last))| [(first, kind), (last, kind)]).collect()
}

/// A well-formed id of the same kind without an object.
fn nowhere(id: &str) -> String {
    let (kind, _) = id.rsplit_once('_').expect("a TypeID");
    format!("{kind}_01h2xcejqtf2nbrexx3vqjhp41")
}

/// The problem of the response to a foreign id.
fn problem(site: &Site, reply: &Reply) -> Option<&'static str> {
    if reply.0["errors"].is_null() {
        let answer = site.answer(&reply.0["data"]);
        let nothing = [Value::Null, json!([null]), json!({ "totalCount": 0, "nodes": [] })];
        return (!nothing.contains(answer)).then_some("data is returned");
    }
    match reply.code().as_str() {
        "NOT_FOUND" => None,
        "BAD_USER_INPUT" => {
            let path = site.path().join(".");
            let here = |field: &String| path == *field || path.ends_with(&format!(".{field}"));
            let fields = reply.fields();
            let refused_here = fields.len() == 1 && fields.iter().all(here);
            (!refused_here).then_some(
                "refused for something else than the id; add what the input needs to `extra` in sites.rs",
            )
        }
        _ => Some("neither NOT_FOUND nor refused for the id"),
    }
}
