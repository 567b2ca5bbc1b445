//! Manifests that are refused when they are loaded.

use std::sync::Arc;

use super::super::load::load;
use crate::automation::templates::Renderer;

const GOOD: &str = r#"
key = "example"
name = "Example"
description = "An example."
icon = "box"
[credential]
description = "A key."
fields.properties.key = { type = "string" }
[http]
base = "https://api.example.com"
auth.headers.x-key = "{{ credential.key }}"
[[triggers]]
key = "due"
name = "Due"
description = "Starts."
start = { schedule = { every_seconds = "seconds" } }
parameters.properties.seconds = { type = "integer" }
[[actions]]
key = "read"
name = "Read"
description = "Reads."
request = { method = "GET", path = "/a/{{ parameters.name }}" }
paging = { limit = "limit", by = "link" }
parameters.properties.name = { type = "string" }
parameters.properties.limit = { type = "integer", default = 1, maximum = 9 }
"#;

fn problem(text: &str) -> Option<String> {
    let loaded = load("example", text, Vec::new(), &Arc::new(Renderer::new()));
    loaded.err().map(|error| error.to_string())
}

#[test]
fn loading_a_manifest_reports_its_errors() {
    assert_eq!(problem(GOOD), None);
    for (from, to, expected) in [
        ("key = \"example\"", "key = \"other\"", "not the name of its folder"),
        ("icon = \"box\"", "icon = \"box\"\ncolor = \"red\"", "unknown field `color`"),
        ("{{ parameters.name }}", "{{ parameters.nam }}", "uses `parameters.nam`, which is not declared"),
        ("{{ parameters.name }}", "{{ trigger.body }}", "uses `trigger.body`, which is not declared"),
        ("{{ parameters.name }}", "{{ parameters.name | shout }}", "no filter `shout`"),
        ("{{ parameters.name }}", "{{ parameters. }}", "example: read: "),
        ("{{ parameters.name }}", "x", "`parameters.name` is used by no template"),
        ("{{ credential.key }}", "{{ credential.kee }}", "the credential does not have"),
        ("{{ credential.key }}", "{{ parameters.name }}", "the credential does not have"),
        ("path =", "headers.x = \"{{ credential.key }}\", path =", "secrets belong into `http.auth`"),
        ("method = \"GET\"", "method = \"BREW\"", "`method` must be one of"),
        ("path =", "text = \"a\", json = \"b\", path =", "a request has one body"),
        ("request = {", "errors = [{ code = \"X\" }]\nrequest = {", "fits no answer"),
        ("request = {", "answer.at = \"data\"\nrequest = {", "no JSON Pointer"),
        (", maximum = 9", "", "a default and a maximum"),
        ("type = \"integer\", default", "type = \"many\", default", "not a JSON Schema"),
        ("every_seconds = \"seconds\"", "every_seconds = \"minutes\"", "names the parameter `minutes`"),
        ("{ schedule = { every_seconds = \"seconds\" } }", "\"poll\"", "not available yet"),
        ("key = \"read\"", "key = \"due\"", "two operations have the key `due`"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let problem = problem(&text).unwrap_or_else(|| panic!("{to} was accepted"));
        assert!(problem.contains(expected), "{to}: {problem}");
    }
}

#[test]
fn an_action_without_a_request_is_refused() {
    let text = GOOD.replace("request = {", "#").replace("paging = {", "#");
    assert!(problem(&text).unwrap().contains("`request` is missing"));
}
