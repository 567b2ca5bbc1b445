//! Graphs with one problem each, and the path of the problem.

use serde_json::{Value, json};
use step_link::Kind as Link;

use triptych_stores::error::Problem;

use super::*;
use crate::automation::{
    flows::{LinkSpec, RetryPolicy},
    integrations::{Integration, Operation, ScheduleStart, Schema, Start, WebhookStart},
};

/// Templates are `{{ key }}` alone, and `broken` is a syntax error.
struct Keys;

impl Templates for Keys {
    fn problems(&self, root: &str, parameters: &Value) -> Vec<Problem> {
        let broken = parameters["text"] == "{{ broken }}";
        broken.then(|| Problem::new(format!("{root}.text"), "broken")).into_iter().collect()
    }

    fn references(&self, parameters: &Value) -> Vec<(String, String)> {
        let key = parameters["text"].as_str().and_then(|text| text.strip_prefix("{{ ")?.strip_suffix(" }}"));
        key.map(|key| ("text".to_owned(), key.to_owned())).into_iter().collect()
    }

    fn condition_problem(&self, expression: &str) -> Option<String> {
        (expression == "broken").then(|| "broken".to_owned())
    }

    fn condition_references(&self, expression: &str) -> Vec<String> {
        let key = expression.strip_prefix("{{ ").and_then(|text| text.strip_suffix(" }}"));
        key.map(str::to_owned).into_iter().collect()
    }
}

fn catalog() -> Catalog {
    let text = json!({ "type": "object", "required": ["text"], "additionalProperties": false,
        "properties": { "text": { "type": "string", "maxLength": 20 } } });
    let time = json!({ "type": "object" });
    let operation = |key: &str, kind, start, parameters: &Value| Operation {
        key: key.to_owned(),
        name: key.to_owned(),
        description: String::new(),
        kind,
        start,
        parameters: Schema::new(parameters.clone()).unwrap(),
        output: json!({}),
    };
    let integration = |key: &str, operation| Integration {
        key: key.to_owned(),
        name: key.to_owned(),
        description: String::new(),
        icon: String::new(),
        credential: None,
        operations: vec![operation],
    };
    let name = |name: &str| Some(name.to_owned());
    let clock = Start::Schedule(ScheduleStart {
        cron: name("expression"),
        every_seconds: None,
        timezone: name("timezone"),
        missed: None,
    });
    let request = Start::Webhook(WebhookStart::default());
    Catalog::new(vec![
        integration("hook", operation("received", row::Kind::Trigger, Some(request), &json!({}))),
        integration("schedule", operation("cron", row::Kind::Trigger, Some(clock), &time)),
        integration("text", operation("say", row::Kind::Action, None, &text)),
        integration("branch", operation("when", row::Kind::Branch, None, &json!({}))),
    ])
}

fn step(key: &str, operation: &str, parameters: Value) -> StepSpec {
    let (integration, operation) = operation.split_once('/').unwrap();
    StepSpec {
        key: key.to_owned(),
        name: None,
        kind: None,
        integration: integration.to_owned(),
        operation: operation.to_owned(),
        parameters,
        credential_id: None,
        retry: None,
        timeout_seconds: None,
    }
}

fn hook() -> StepSpec {
    step("hook", "hook/received", json!({}))
}

fn say(key: &str, text: &str) -> StepSpec {
    step(key, "text/say", json!({ "text": text }))
}

fn link(from: &str, kind: Link, to: &str) -> LinkSpec {
    LinkSpec { from: from.to_owned(), to: to.to_owned(), kind, condition: None }
}

fn when(from: &str, condition: &str, to: &str) -> LinkSpec {
    LinkSpec { condition: Some(condition.to_owned()), ..link(from, Link::Branch, to) }
}

/// The paths of a graph's problems.
fn paths(steps: Vec<StepSpec>, links: Vec<LinkSpec>, strictness: Strictness) -> Vec<String> {
    let validator = Validator { catalog: &catalog(), templates: &Keys };
    match validator.check(&GraphSpec { steps, links }, strictness) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.0.into_iter().map(|problem| problem.path).collect(),
    }
}

fn complete(steps: Vec<StepSpec>, links: Vec<LinkSpec>) -> Vec<String> {
    paths(steps, links, Strictness::Complete)
}

#[test]
fn a_step_is_refused_at_the_path_of_its_field() {
    let policy = RetryPolicy { max_attempts: 0, ..RetryPolicy::default() };
    let good = || say("a", "hello");
    for (broken, path) in [
        (StepSpec { key: "1a".to_owned(), ..good() }, "steps.1.key"),
        (StepSpec { key: "hook".to_owned(), ..good() }, "steps.1.key"),
        (StepSpec { name: Some(String::new()), ..good() }, "steps.1.name"),
        (StepSpec { kind: Some(row::Kind::Ai), ..good() }, "steps.1.kind"),
        (StepSpec { integration: "nope".to_owned(), ..good() }, "steps.1.integration"),
        (StepSpec { operation: "nope".to_owned(), ..good() }, "steps.1.operation"),
        (StepSpec { retry: Some(policy), ..good() }, "steps.1.retry"),
        (StepSpec { timeout_seconds: Some(0), ..good() }, "steps.1.timeoutSeconds"),
        (StepSpec { parameters: json!([]), ..good() }, "steps.1.parameters"),
        (StepSpec { parameters: json!({ "text": 1 }), ..good() }, "steps.1.parameters.text"),
        (StepSpec { parameters: json!({ "text": "{{ broken }}" }), ..good() }, "steps.1.parameters.text"),
    ] {
        assert_eq!(complete(vec![hook(), broken.clone()], vec![]), [path], "{broken:?}");
    }
    assert!(complete(vec![hook(), good()], vec![]).is_empty());
}

#[test]
fn missing_values_are_reported_only_for_publishing() {
    let nothing_said = step("a", "text/say", json!({}));
    for (steps, path) in [
        (vec![], "steps"),
        (vec![say("a", "hello")], "steps"),
        (vec![hook(), nothing_said], "steps.1.parameters.text"),
    ] {
        assert!(paths(steps.clone(), vec![], Strictness::Draft).is_empty(), "{steps:?}");
        assert_eq!(complete(steps, vec![]), [path]);
    }
}

#[test]
fn a_flow_has_one_trigger() {
    let second = step("again", "hook/received", json!({}));
    let found = paths(vec![hook(), second], vec![link("hook", Link::Next, "again")], Strictness::Draft);
    assert_eq!(found, ["steps.1", "links.0.to"]);
}

#[test]
fn schedules_name_a_time_zone_and_times_that_exist() {
    let at = |expression: &str, zone: &str| {
        step("at", "schedule/cron", json!({ "expression": expression, "timezone": zone }))
    };
    for (trigger, expected) in [
        (at("0 9 * * MON-FRI", "Europe/Berlin"), None),
        (at("0 9 * * MON-FRI", "Europe/Nowhere"), Some("steps.0.parameters.timezone")),
        (at("61 9 * * *", "UTC"), Some("steps.0.parameters.expression")),
    ] {
        assert_eq!(complete(vec![trigger], vec![]), expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_link_is_refused_at_the_path_of_its_field() {
    let steps = || vec![hook(), step("if", "branch/when", json!({})), say("a", "x"), say("b", "x")];
    let rest = |broken: LinkSpec| {
        vec![link("hook", Link::Next, "if"), when("if", "x", "a"), link("if", Link::Next, "b"), broken]
    };
    let with_condition = |kind| LinkSpec { kind, ..when("a", "x", "b") };
    for (broken, path) in [
        (link("nope", Link::Next, "b"), "links.3.from"),
        (link("a", Link::Next, "nope"), "links.3.to"),
        (link("a", Link::Next, "hook"), "links.3.to"),
        (link("if", Link::Next, "b"), "links.3.to"),
        (link("a", Link::Branch, "b"), "links.3.kind"),
        (link("a", Link::LoopBody, "b"), "links.3.kind"),
        (with_condition(Link::Next), "links.3.condition"),
        (with_condition(Link::Error), "links.3.condition"),
        (when("if", "broken", "b"), "links.3.condition"),
        (when("if", "{{ nope }}", "b"), "links.3.condition"),
    ] {
        assert_eq!(complete(steps(), rest(broken.clone())), [path], "{broken:?}");
    }
    assert!(complete(steps(), rest(link("a", Link::Error, "b"))).is_empty());
    assert!(complete(steps(), rest(when("if", "{{ hook }}", "b"))).is_empty());
}

#[test]
fn cycles_and_unreachable_steps_are_refused() {
    let steps = || vec![hook(), say("a", "x"), say("b", "x")];
    let cycle = vec![link("hook", Link::Next, "a"), link("a", Link::Next, "b"), link("b", Link::Next, "a")];
    assert_eq!(complete(steps(), cycle), ["links"]);
    assert_eq!(complete(steps(), vec![link("hook", Link::Next, "a")]), ["steps.2"]);
    let itself = vec![link("hook", Link::Next, "a"), link("a", Link::Next, "b"), link("b", Link::Error, "b")];
    assert_eq!(complete(steps(), itself), ["links"]);
}

#[test]
fn templates_refer_to_steps_that_run_before() {
    for (reference, good) in [("a", true), ("hook", true), ("b", false), ("c", false), ("nope", false)] {
        let steps = vec![hook(), say("a", "x"), say("b", &format!("{{{{ {reference} }}}}")), say("c", "x")];
        let expected: &[&str] = if good { &[] } else { &["steps.2.parameters.text"] };
        assert_eq!(complete(steps, vec![]), expected, "{reference}");
    }
    // A parallel step runs before or after it.
    let steps = vec![hook(), say("a", "x"), say("b", "{{ a }}")];
    let beside = vec![link("hook", Link::Next, "a"), link("hook", Link::Next, "b")];
    assert_eq!(complete(steps, beside), ["steps.2.parameters.text"]);
}

#[test]
fn every_problem_is_reported_at_once() {
    let steps = vec![hook(), StepSpec { timeout_seconds: Some(-1), ..say("1a", "x") }, say("b", "x")];
    let links = vec![link("hook", Link::Next, "1a"), link("1a", Link::Next, "nope")];
    assert_eq!(complete(steps, links), ["steps.1.key", "steps.1.timeoutSeconds", "links.1.to"]);
}

#[test]
fn graphs_are_limited_in_size() {
    let chain = |count: usize| (0..count).map(|index| say(&format!("s{index}"), "x")).collect::<Vec<_>>();
    assert!(paths(chain(MAX_STEPS), vec![], Strictness::Draft).is_empty());
    assert_eq!(paths(chain(MAX_STEPS + 1), vec![], Strictness::Draft), ["steps"]);
    let links = vec![link("s0", Link::Next, "s1"); MAX_LINKS + 1];
    assert_eq!(paths(chain(2), links, Strictness::Draft), ["links"]);
}

#[test]
fn a_checked_graph_without_links_is_a_chain() {
    let graph = GraphSpec { steps: vec![hook(), say("a", "x"), say("b", "x")], links: vec![] };
    let (catalog, templates) = (catalog(), Keys);
    let valid =
        Validator { catalog: &catalog, templates: &templates }.check(&graph, Strictness::Complete).unwrap();
    let links: Vec<_> = valid.links.iter().map(|link| (link.from, link.to, link.kind)).collect();
    assert_eq!(links, [(0, 1, Link::Next), (1, 2, Link::Next)]);
    assert_eq!(valid.steps.iter().map(|step| step.key.as_str()).collect::<Vec<_>>(), ["hook", "a", "b"]);
}
