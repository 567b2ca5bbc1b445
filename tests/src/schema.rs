//! The schema: its documentation, the committed SDL, and the saved operations.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::harness::World;

const EVERYTHING: &str = "{ __schema { types { name kind description
    fields { name description args { name description } }
    inputFields { name description } enumValues { name description } } } }";

/// Types of GraphQL and Relay.
const GIVEN: [&str; 6] = ["Boolean", "Float", "ID", "Int", "String", "PageInfo"];

#[tokio::test]
async fn every_type_and_field_has_a_description() {
    let world = World::start().await;
    let schema = world.anonymous().send(EVERYTHING, json!({})).await;
    let mut silent = Vec::new();
    let mut check = |path: String, thing: &Value| {
        if thing["description"].as_str().is_none_or(str::is_empty) {
            silent.push(path);
        }
    };
    for kind in schema.at("/__schema/types").as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if name.starts_with("__") || GIVEN.contains(&name) {
            continue;
        }
        check(name.to_owned(), kind);
        for list in ["fields", "inputFields", "enumValues"] {
            for member in kind[list].as_array().into_iter().flatten() {
                let path = format!("{name}.{}", member["name"].as_str().unwrap());
                let arguments = member["args"].as_array().into_iter().flatten();
                // The input of a mutation is documented by its type.
                for argument in arguments.filter(|argument| argument["name"] != "input") {
                    check(format!("{path}({})", argument["name"].as_str().unwrap()), argument);
                }
                check(path, member);
            }
        }
    }
    assert!(silent.is_empty(), "without a description: {silent:#?}");
    world.end().await;
}

/// Mutations that leave nothing to choose.
const WITHOUT_INPUT: [&str; 1] = ["signOutEverywhere"];

#[tokio::test]
async fn mutations_take_one_input_and_return_one_payload() {
    let world = World::start().await;
    let query = "{ __schema { mutationType { fields { name args { name type { kind ofType { name kind } } }
        type { kind ofType { name } } } } } }";
    let schema = world.anonymous().send(query, json!({})).await;
    for field in schema.at("/__schema/mutationType/fields").as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        if WITHOUT_INPUT.contains(&name) {
            assert_eq!(field["args"], json!([]), "{name}");
            continue;
        }
        assert_eq!(field["args"].as_array().map(Vec::len), Some(1), "{name}");
        assert_eq!(field["args"][0]["name"], "input", "{name}");
        assert_eq!(field["args"][0]["type"]["ofType"]["kind"], "INPUT_OBJECT", "{name}");
        let payload = field["type"]["ofType"]["name"].as_str().unwrap();
        assert!(payload.ends_with("Payload"), "{name}: {payload}");
    }
    world.end().await;
}

#[test]
fn the_saved_operations_are_valid_for_the_committed_schema() {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    let output = Command::new("node")
        .args(["operations.mjs", "../../schema/schema.graphql"])
        .current_dir(clients)
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
