use serde_json::{Value, json};

use super::{Parameters, apply};
use crate::{automation::integrations::pattern::Trouble, compute::Deadline};

fn run(parameters: Value) -> Result<Value, Trouble> {
    apply(&serde_json::from_value::<Parameters>(parameters).unwrap(), Deadline::fresh())
}

fn simple(transform: &str, value: &str) -> Value {
    run(json!({ "transform": transform, "value": value })).unwrap()
}

#[test]
fn case_and_white_space() {
    assert_eq!(simple("uppercase", "straße"), "STRASSE");
    assert_eq!(simple("lowercase", "ÉTÉ"), "été");
    assert_eq!(simple("capitalize", "élan vital"), "Élan vital");
    assert_eq!(simple("capitalize", ""), "");
    assert_eq!(simple("titlecase", "the JEAN-luc show"), "The Jean-Luc Show");
    assert_eq!(simple("trim", " \n a b\t"), "a b");
    assert_eq!(simple("slugify", "Crème Brûlée & Co."), "creme-brulee-co");
    assert_eq!(run(json!({ "transform": "uppercase", "value": true })).unwrap(), "TRUE");
    assert!(run(json!({ "transform": "uppercase", "value": [1] })).is_err());
}

#[test]
fn replaces_text_and_patterns() {
    let replace = |pattern: &str, with: &str, regex: bool| {
        run(json!({
            "transform": "replace", "value": "a.b.c", "pattern": pattern, "with": with, "regex": regex,
        }))
    };
    assert_eq!(replace(".", "-", false).unwrap(), "a-b-c");
    assert_eq!(replace(r"(\w)\.", "$1$1", true).unwrap(), "aabbc");
    assert_eq!(replace("x*", "-", true).unwrap(), "-a-.-b-.-c-");
    assert!(replace("(", "", true).is_err());
    assert!(replace("", "", false).is_err());
}

#[test]
fn results_over_the_limit_are_refused() {
    let long = "a".repeat(10_000);
    for regex in [false, true] {
        let parameters =
            json!({ "transform": "replace", "value": long, "pattern": "a", "with": long, "regex": regex });
        assert!(matches!(run(parameters), Err(Trouble::TooMuch(message)) if message.contains("larger")));
    }
    let items = vec!["a"; 1_000];
    assert!(run(json!({ "transform": "join", "value": items, "separator": long })).is_err());
}

#[test]
fn splits_and_joins() {
    let split = |more: Value| {
        let mut parameters = json!({ "transform": "split", "value": "a, b,c" });
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        run(parameters).unwrap()
    };
    assert_eq!(split(json!({})), json!(["a", " b", "c"]));
    assert_eq!(split(json!({ "separator": r",\s*", "regex": true })), json!(["a", "b", "c"]));
    assert_eq!(split(json!({ "index": 1 })), " b");
    assert_eq!(split(json!({ "index": -1 })), "c");
    assert_eq!(split(json!({ "index": 9 })), Value::Null);
    assert_eq!(split(json!({ "index": -9 })), Value::Null);
    assert_eq!(split(json!({ "separator": "" })).as_array().unwrap().len(), 6);
    let joined = run(json!({ "transform": "join", "value": ["a", 1, null, { "b": 2 }], "separator": "; " }));
    assert_eq!(joined.unwrap(), r#"a; 1; ; {"b":2}"#);
    assert!(run(json!({ "transform": "join", "value": "a" })).is_err());
}

#[test]
fn measures_and_truncates() {
    assert_eq!(simple("length", "naïve"), 5);
    assert_eq!(run(json!({ "transform": "length", "value": [1, 2] })).unwrap(), 2);
    let truncate = |value: &str, length: usize| {
        run(json!({ "transform": "truncate", "value": value, "length": length })).unwrap()
    };
    assert_eq!(truncate("naïve art", 9), "naïve art");
    assert_eq!(truncate("naïve art", 7), "naïve…");
    assert_eq!(truncate("naïve art", 0), "");
}

#[test]
fn extracts() {
    let text = "Mail ada@example.org, or b.o-b+x@sub.example.co.uk; 1,234.5 of -7 (see https://example.com/a_(b)?c=1).";
    assert_eq!(simple("extract_email", text), "ada@example.org");
    let all = |transform: &str| run(json!({ "transform": transform, "value": text, "all": true })).unwrap();
    assert_eq!(all("extract_email"), json!(["ada@example.org", "b.o-b+x@sub.example.co.uk"]));
    assert_eq!(all("extract_number"), json!([1234.5, -7, 1]));
    assert_eq!(simple("extract_url", "see (http://example.com/a)."), "http://example.com/a");
    assert_eq!(simple("extract_email", "nothing here @ all"), Value::Null);
    assert_eq!(all("extract_url").as_array().unwrap().len(), 1);
}

#[test]
fn encodes_and_decodes() {
    assert_eq!(simple("url_encode", "a b/ü"), "a%20b%2F%C3%BC");
    assert_eq!(simple("url_decode", "a%20b%2F%C3%BC"), "a b/ü");
    assert_eq!(simple("base64_encode", "ü?>"), "w7w/Pg==");
    for encoded in ["w7w/Pg==", "w7w_Pg", " w7w/\nPg "] {
        assert_eq!(simple("base64_decode", encoded), "ü?>");
    }
    for (transform, value) in
        [("url_decode", "%FF"), ("base64_decode", "*"), ("base64_decode", "/w=="), ("base64_decode", "AA==")]
    {
        assert!(run(json!({ "transform": transform, "value": value })).is_err(), "{value}");
    }
    assert_eq!(simple("parse_json", r#"{"a":[1]}"#), json!({ "a": [1] }));
}

#[test]
fn markup() {
    assert_eq!(simple("markdown_to_html", "# Hi *you*\n<b>"), "<h1>Hi <em>you</em></h1>\n&lt;b&gt;");
    let text = simple("html_to_text", "<p>Tom &amp; <b>Jerry</b></p><script>x()</script>");
    assert_eq!(text.as_str().unwrap().trim(), "Tom & Jerry");
}

#[test]
fn defaults_stand_in_for_null_and_empty_text() {
    let default =
        |value: Value| run(json!({ "transform": "default", "value": value, "default": 7 })).unwrap();
    assert_eq!(default(json!(null)), 7);
    assert_eq!(default(json!("  ")), 7);
    assert_eq!(default(json!(0)), 0);
    assert_eq!(default(json!("a")), "a");
}

/// Runs a transform of a hostile text, which must be refused soon with the code of a limit.
#[track_caller]
fn refused_soon(parameters: Value) {
    let begun = std::time::Instant::now();
    let outcome = run(parameters);
    let took = begun.elapsed();
    assert!(matches!(outcome, Err(Trouble::TooMuch(_))), "{:.80}", format!("{outcome:?}"));
    assert!(took < std::time::Duration::from_secs(20), "refused after {took:?}");
}

#[test]
fn quadratic_work_on_a_megabyte_ends_soon() {
    let text = "a".repeat(1_048_576);
    // Each search looks at the rest of the text before it finds a short match.
    for pattern in ["a(?:.*b)?", "(?:a.*b|a)"] {
        let with =
            json!({ "transform": "replace", "value": text, "regex": true, "pattern": pattern, "with": "b" });
        refused_soon(with);
        refused_soon(json!({ "transform": "split", "value": text, "regex": true, "separator": pattern }));
    }
    // Many small parts.
    refused_soon(json!({ "transform": "split", "value": text, "separator": "" }));
    refused_soon(json!({ "transform": "split", "value": text, "separator": "a" }));
    refused_soon(json!({ "transform": "extract_number", "value": "1 ".repeat(500_000), "all": true }));
    // A large expression and a large text.
    refused_soon(json!({ "transform": "replace", "value": text, "regex": true,
                         "pattern": "(?:a?){900}(?:a{900}){900}b", "with": "" }));
    // A replacement that repeats a long match.
    refused_soon(json!({ "transform": "replace", "value": text, "regex": true, "pattern": "a+",
                         "with": "$0".repeat(100_000) }));
    refused_soon(
        json!({ "transform": "replace", "value": text + "a", "regex": true, "pattern": "b", "with": "" }),
    );
}

#[test]
fn one_search_of_the_largest_product_ends_soon() {
    let text = "a".repeat(1_048_576);
    for pattern in ["(?:a?){80}a{80}b", "(?:a|aa|aaa){40}$b", "(?:.*a){20}b"] {
        let begun = std::time::Instant::now();
        let outcome = run(
            json!({ "transform": "replace", "value": text, "regex": true, "pattern": pattern, "with": "" }),
        );
        let took = begun.elapsed();
        assert!(
            took < std::time::Duration::from_secs(20),
            "{pattern} took {took:?}: {:.60}",
            format!("{outcome:?}")
        );
    }
}

#[test]
fn large_markup_is_refused() {
    refused_soon(json!({ "transform": "html_to_text", "value": "<p>".repeat(100_000) }));
    refused_soon(json!({ "transform": "markdown_to_html", "value": "*a_".repeat(100_000) }));
}
