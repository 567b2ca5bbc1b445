use std::collections::HashMap;

use serde_json::{Value, json};

use crate::compute::Deadline;

use super::{Missing, Renderer, Scope, TemplateError};

fn scope() -> Scope {
    let steps = HashMap::from([
        (
            "fetch".to_owned(),
            json!({ "output": { "status": 200, "body": { "items": [{ "id": 7 }, { "id": 8 }], "ratio": 1.0 } } }),
        ),
        ("get-user".to_owned(), json!({ "output": { "name": "Ada" } })),
    ]);
    let trigger = json!({
        "body": { "name": "Ada", "n": 3, "big": 9_007_199_254_740_993_i64, "none": null, "yes": true,
                  "tags": ["a", "b"], "price": "12.5", "text": "<b>\"x\"</b>", "at": "2026-03-01T23:30:00Z" },
    });
    Scope::new(trigger, steps, json!({ "region": "eu" }), Some(json!({ "sku": "x" })))
}

fn render(template: &str) -> Result<Value, TemplateError> {
    Renderer::new()
        .render(&json!({ "json": { "name": template } }), &scope())
        .map(|all| all["json"]["name"].clone())
}

fn ok(template: &str) -> Value {
    render(template).unwrap_or_else(|error| panic!("{template}: {error}"))
}

#[test]
fn a_single_template_keeps_its_type() {
    assert_eq!(ok("{{ trigger.body.n }}"), json!(3));
    assert_eq!(ok("{{trigger.body.big}}"), json!(9_007_199_254_740_993_i64));
    assert_eq!(ok("{{ trigger.body.none }}"), Value::Null);
    assert_eq!(ok("{{- trigger.body.yes -}}"), json!(true));
    assert_eq!(ok("{{ trigger.body.tags }}"), json!(["a", "b"]));
    assert_eq!(ok("{{ steps.fetch.output.body.items[0] }}"), json!({ "id": 7 }));
    assert_eq!(ok("{{ steps.fetch.output.body.ratio }}").to_string(), "1.0");
    assert_eq!(ok("{{ steps['get-user'].output.name }}"), "Ada");
    assert_eq!(ok("{{ vars.region }}"), "eu");
    assert_eq!(ok("{{ item }}"), json!({ "sku": "x" }));
    assert_eq!(ok("{{ {'a': trigger.body.n + 1, 'b': [1]} }}"), json!({ "a": 4, "b": [1] }));
    assert_eq!(ok("{{ '}}' }}"), "}}");
}

#[test]
fn mixed_text_is_text() {
    assert_eq!(ok("Hi {{ trigger.body.name }}!"), "Hi Ada!");
    assert_eq!(ok("{{ trigger.body.n }}{{ trigger.body.n }}"), "33");
    assert_eq!(ok(" {{ trigger.body.n }}"), " 3");
    assert_eq!(ok("{{ trigger.body.n }}\n"), "3\n");
    assert_eq!(ok("a {{ trigger.body.tags }}"), r#"a ["a","b"]"#);
    assert_eq!(ok("a {{ steps.fetch.output.body.items[1] }}"), r#"a {"id":8}"#);
    assert_eq!(ok("a{{ trigger.body.none }}b"), "ab");
    assert_eq!(ok("is {{ trigger.body.yes }}"), "is true");
    assert_eq!(ok("{{ trigger.body.text }}{{ '' }}"), r#"<b>"x"</b>"#);
    assert_eq!(ok("{% for t in trigger.body.tags %}{{ t }};{% endfor %}"), "a;b;");
    assert_eq!(ok("{% if trigger.body.n > 2 %}many{% else %}few{% endif %}"), "many");
}

#[test]
fn text_without_a_template_is_unchanged() {
    let parameters = json!({ "a": [1, null, "{ not } one", { "{{ key }}": "{#" }], "b": "100%" });
    assert_eq!(Renderer::new().render(&parameters, &scope()).unwrap(), parameters);
}

#[test]
fn filters() {
    for (template, expected) in [
        ("{{ trigger.body.missing | default('x') }}", json!("x")),
        ("{{ trigger.missing.deep[0].er | default(5) }}", json!(5)),
        ("{{ trigger.body.name | upper | lower }}", json!("ada")),
        ("{{ '  a ' | trim }}", json!("a")),
        ("{{ trigger.body.tags | length }}", json!(2)),
        ("{{ trigger.body.tags | join('-') }}", json!("a-b")),
        ("{{ trigger.body.tags | first }}{{ trigger.body.tags | last }}", json!("ab")),
        ("{{ trigger.body.tags | tojson }}", json!(r#"["a","b"]"#)),
        (r#"{{ '{"a": [1, 2.5]}' | fromjson }}"#, json!({ "a": [1, 2.5] })),
        ("{{ '7' | int + 1 }}", json!(8)),
        ("{{ trigger.body.text | tojson }}", json!(r#""<b>\"x\"</b>""#)),
        ("{{ trigger.body.yes | string }}", json!("true")),
        ("{{ trigger.body.price | float * 2 }}", json!(25.0)),
        ("{{ 2.567 | round(1) }}", json!(2.6)),
        ("{{ 'a-b' | replace('-', '+') }}", json!("a+b")),
        ("{{ 'a,b' | split(',') }}", json!(["a", "b"])),
        ("{{ trigger.body.at | date('%d.%m.%Y %H:%M', 'Europe/Rome') }}", json!("02.03.2026 00:30")),
        ("{{ 0 | date }}", json!("1970-01-01T00:00:00Z")),
        ("{{ 'Crème Brûlée' | slugify }}", json!("creme-brulee")),
        ("{{ 'a b/c' | urlencode }}", json!("a%20b/c")),
        ("{{ 'hé' | base64encode }}", json!("aMOp")),
        ("{{ 'aMOp' | base64decode }}", json!("hé")),
        ("{{ steps.fetch.output.body['items'] | map(attribute='id') | list }}", json!([7, 8])),
    ] {
        assert_eq!(ok(template), expected, "{template}");
    }
}

#[test]
fn missing_values_are_errors_that_name_them() {
    for (template, missing) in [
        ("{{ trigger.body.nam }}", "trigger.body.nam"),
        ("Hi {{ trigger.body.name }} {{ trigger.body.nam }}", "trigger.body.nam"),
        ("{{ steps.nope.output }}", "steps.nope.output"),
        ("{{ steps.nope }}", "steps.nope"),
        ("{{ trigger.body.nam | upper }}", "trigger.body.nam"),
        ("{{ trigger.body.nam | upper | default('x') }}", "trigger.body.nam"),
        ("{{ trigger.body.name | default('x') }} {{ trigger.body.nam }}", "trigger.body.nam"),
        ("{{ vars.a.b }}", "vars.a"),
        ("{{ steps['get-user'].output['x'] }}", "steps['get-user'].output['x']"),
        ("{{ trigger.body.nam | tojson }}{{ 1 | default(2) }}", "trigger.body.nam"),
    ] {
        let error = render(template).unwrap_err();
        let TemplateError::Missing { path, expression } = &error else { panic!("{template}: {error:?}") };
        assert_eq!(path, "json.name");
        assert!(expression.contains(missing), "{template}: {expression}");
        assert!(!expression.contains("{{"), "{template}: {expression}");
    }
}

#[test]
fn missing_values_can_be_null() {
    let parameters =
        json!({ "a": "{{ trigger.body.nam }}", "b": "x{{ vars.a.b }}", "c": "{{ trigger.body.n }}" });
    let rendered =
        Renderer::new().render_with(&parameters, &scope(), Missing::IsNull, Deadline::fresh()).unwrap();
    assert_eq!(rendered, json!({ "a": null, "b": "x", "c": 3 }));
}

#[test]
fn invalid_templates_are_errors_with_a_path() {
    let parameters = json!({ "list": [1, { "a": "{{ trigger. }}" }] });
    let error = Renderer::new().render(&parameters, &scope()).unwrap_err();
    assert!(matches!(&error, TemplateError::Syntax { path, .. } if path == "list.1.a"), "{error:?}");
    for (template, code) in [
        ("{{ trigger.body.name", "TEMPLATE_SYNTAX"),
        ("{{ 'a' | nofilter }}", "TEMPLATE_SYNTAX"),
        ("{{ nofunction() }}", "TEMPLATE_SYNTAX"),
        ("{% include 'x' %}", "TEMPLATE_SYNTAX"),
        ("{% macro m() %}{% endmacro %}", "TEMPLATE_SYNTAX"),
        ("{{ debug() }}", "TEMPLATE_SYNTAX"),
        ("{{ 'x' | fromjson }}", "TEMPLATE_FAILED"),
        ("{{ 1 / 0 }}", "TEMPLATE_FAILED"),
        (r"{{ '\u0000' }}", "TEMPLATE_FAILED"),
        ("{{ 'x' | date }}", "TEMPLATE_FAILED"),
        ("{{ 'AA==' | base64decode | length / 0 }}", "TEMPLATE_FAILED"),
    ] {
        let error = render(template).unwrap_err();
        assert_eq!(error.code(), code, "{template}: {error}");
    }
}

#[test]
fn work_memory_and_results_are_limited() {
    for template in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
        "{{ 'a' * 90000000 }}",
        "{{ ('a' * 2000000) ~ 'b' }}",
        "x{{ 'a' * 1100000 }}",
        "{% set a = 'aaaaaaaaaaaaaaaa' %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}\
         {% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}\
         {% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}\
         {% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{% set a = a ~ a ~ a ~ a ~ a ~ a ~ a ~ a %}{{ a | length }}",
        "{{ ('a' * 50000) | replace('a', 'a' * 50000) | length }}",
    ] {
        assert_eq!(render(template).unwrap_err().code(), "TEMPLATE_LIMIT", "{template}");
    }
    assert_eq!(ok("{{ 'a' * 1000000 }}").as_str().unwrap().len(), 1_000_000);
    let many = vec!["{{ 'a' * 1000000 }}"; 9];
    let error = Renderer::new().render(&json!(many), &scope()).unwrap_err();
    assert!(matches!(&error, TemplateError::TooLarge { path } if path == "8"), "{error:?}");
}

#[test]
fn conditions() {
    let renderer = Renderer::new();
    let holds = |expression: &str| renderer.evaluate_condition(expression, &scope());
    assert!(holds("trigger.body.n > 2").unwrap());
    assert!(holds("{{ trigger.body.n > 2 }}").unwrap());
    assert!(!holds(" trigger.body.n > 3 ").unwrap());
    assert!(holds("trigger.body.name == 'Ada' and 'a' in trigger.body.tags").unwrap());
    assert!(!holds("trigger.body.none").unwrap());
    assert!(!holds("trigger.body.nam is defined").unwrap());
    assert!(!holds("trigger.body.nam | default(false)").unwrap());
    assert!(holds("steps.fetch.output.status == 200").unwrap());
    assert_eq!(holds("trigger.body.nam > 1").unwrap_err().code(), "TEMPLATE_MISSING_VALUE");
    assert_eq!(holds("trigger.body.nam").unwrap_err().code(), "TEMPLATE_MISSING_VALUE");
    assert_eq!(holds("trigger.body.n >").unwrap_err().code(), "TEMPLATE_SYNTAX");
    assert_eq!(holds("").unwrap_err().code(), "TEMPLATE_SYNTAX");
}

#[test]
fn the_check_finds_problems_with_their_paths() {
    let renderer = Renderer::new();
    let parameters = json!({
        "good": "{{ trigger.body.x | default('|nofilter') }} {{ range(3) }} {% for i in vars.l %}{{ i }}{{ loop.index }}{% endfor %}",
        "plain": "{ | nofilter }",
        "a": ["{{ trigger. }}"],
        "b": "Hi {{ triger.body }}",
        "c": { "d": "{{ trigger.body | uppercase }}" },
        "e": "{{ trigger.body || 1 }}",
        "f": "{{ open",
    });
    let problems = renderer.problems("steps.2.parameters", &parameters);
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "steps.2.parameters.a.0",
            "steps.2.parameters.b",
            "steps.2.parameters.c.d",
            "steps.2.parameters.e",
            "steps.2.parameters.f"
        ]
    );
    assert!(problems[1].message.contains("`triger`"), "{}", problems[1].message);
    assert!(problems[2].message.contains("`uppercase`"), "{}", problems[2].message);
}

#[test]
fn the_check_finds_the_steps_that_templates_use() {
    let renderer = Renderer::new();
    let parameters = json!({
        "a": "{{ steps.fetch.output.body[0] }}",
        "b": ["x", "{{ steps['get-user'].output }} and {{ steps.other.output ~ steps.fetch }}"],
        "c": "{{ trigger.steps.no }} {{ vars.x }}",
        "d": "steps.plain.text",
        "e": "{% for s in steps[\"loop-1\"].output %}{{ s }}{% endfor %}",
    });
    let references = renderer.references(&parameters);
    let expected = [("a", "fetch"), ("b.1", "fetch"), ("b.1", "get-user"), ("b.1", "other"), ("e", "loop-1")];
    let expected: Vec<_> = expected.map(|(path, key)| (path.to_owned(), key.to_owned())).into();
    assert_eq!(references, expected);
    assert_eq!(renderer.condition_references("{{ steps.a.output > steps['b'].output }}"), ["a", "b"]);
}

#[test]
fn the_check_of_conditions() {
    let renderer = Renderer::new();
    assert_eq!(renderer.condition_problem("trigger.body.n > 3"), None);
    assert_eq!(renderer.condition_problem("{{ trigger.body.n > 3 }}"), None);
    for (expression, part) in [
        ("", "write a condition"),
        ("{{ }}", "write a condition"),
        ("n > 3", "`n`"),
        ("trigger.body.n >", "syntax"),
        ("trigger.body.n | nofilter", "`nofilter`"),
        ("{{ trigger.body.n }} > 3", "one expression"),
    ] {
        let problem = renderer.condition_problem(expression).unwrap_or_default();
        assert!(problem.contains(part), "{expression}: {problem}");
    }
}

/// On a thread with the stack of those that render templates.
fn deep<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(64 * 1_048_576).spawn(work).unwrap().join().unwrap()
}

#[test]
fn deep_values_end_neither_the_renderer_nor_what_reads_the_result() {
    deep(|| {
        let nested =
            "{% set ns = namespace(x=[]) %}{% for i in range(30000) %}{% set ns.x = [ns.x] %}{% endfor %}";
        for print in ["{{ ns.x }}", "{{ ns.x | tojson | length }}", "{{ ns.x | string }}"] {
            let error = render(&format!("{nested}{print}")).unwrap_err();
            assert!(matches!(error.code(), "TEMPLATE_FAILED" | "TEMPLATE_LIMIT"), "{error}");
        }
        let error = render(&format!("{{{{ {}1{} }}}}", "[".repeat(140), "]".repeat(140))).unwrap_err();
        assert_eq!(error.code(), "TEMPLATE_SYNTAX");
        assert!(render(&format!("{{{{ {}1{} }}}}", "[".repeat(40), "]".repeat(40))).is_ok());
    });
}

#[test]
fn filters_are_charged_for_the_length_of_their_input() {
    for filter in ["slugify", "base64encode", "string", "tojson", "upper"] {
        let template = format!(
            "{{% set big = 'a' * 900000 %}}{{% for i in range(20000) %}}{{{{ (big | {filter} | length) and '' }}}}{{% endfor %}}"
        );
        let begun = std::time::Instant::now();
        assert_eq!(render(&template).unwrap_err().code(), "TEMPLATE_LIMIT", "{filter}");
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{filter} took {:?}", begun.elapsed());
    }
    let long = format!("{{{{ '2026-01-01' | date('{}') }}}}", "%c".repeat(1_000));
    assert_eq!(render(&long).unwrap_err().code(), "TEMPLATE_FAILED");
}

#[test]
fn statements_inside_each_other_are_refused_when_the_flow_is_written() {
    // On the stack of a thread that serves requests.
    std::thread::Builder::new()
        .stack_size(2 * 1_048_576)
        .spawn(|| {
            for (open, close) in [("{% if 1 %}", "{% endif %}"), ("{% for a in item %}", "{% endfor %}")] {
                let template = open.repeat(20_000) + &close.repeat(20_000);
                assert!(!Renderer::new().problems("", &json!({ "a": template })).is_empty(), "{open}");
            }
            for part in ["+1", "|upper", ".a", "[0]", " and 1", "~1", " if 1 else 1"] {
                for count in [300, 200_000] {
                    let template = format!("{{{{ item{} }}}}", part.repeat(count));
                    let problems = Renderer::new().problems("", &json!({ "a": template }));
                    assert!(count == 300 || !problems.is_empty(), "{part}");
                    let condition = format!("item{}", part.repeat(count));
                    let problem = Renderer::new().condition_problem(&condition);
                    assert!(count == 300 || problem.is_some(), "{part}");
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn no_template_is_begun_after_the_deadline() {
    let many: Vec<String> =
        (0..100).map(|n| format!("{{% for i in range(20000) %}}{{% endfor %}}{n}")).collect();
    let deadline = Deadline::fresh();
    let begun = std::time::Instant::now();
    let rendered = Renderer::new().render_with(&json!(vec![many; 100]), &scope(), Missing::Fails, deadline);
    assert_eq!(rendered.unwrap_err().code(), "TEMPLATE_LIMIT");
    let took = begun.elapsed().as_secs();
    assert!((4..10).contains(&took), "it took {took} s");
}
