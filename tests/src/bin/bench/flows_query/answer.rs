//! Answers brought to one form, so that servers with schemas of their own can be compared.

use sea_orm::{prelude::DateTimeWithTimeZone, sqlx::types::Uuid};
use serde_json::{Value, json};
use triptych_server::services::ids::{ExecutionId, FlowId, Id as _};

/// What an answer says: every id, name, status, number and time, in the order given.
pub(super) fn facts(data: &Value) -> Value {
    nodes(&data["flows"]).iter().map(flow).collect()
}

/// Sees to it that there is as much as the benchmark's name says.
pub(super) fn complete(facts: Value) -> Value {
    let lengths = |pointer: &str| -> Vec<usize> {
        let flows = facts.as_array().expect("flows");
        flows.iter().map(|flow| flow.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len)).collect()
    };
    assert_eq!(lengths("/executions"), [5; 20]);
    assert_eq!(lengths("/draft/steps"), [5; 20]);
    facts
}

fn flow(flow: &Value) -> Value {
    let draft = &flow["draft"];
    json!({
        "id": uuid(&flow["id"], |id| id.parse().ok().map(FlowId::uuid)),
        "name": flow["name"],
        "status": flow["status"],
        "draft": {
            "number": draft["number"],
            "steps": nodes(&draft["steps"]).iter().map(step).collect::<Value>(),
        },
        "executions": nodes(&flow["executions"]).iter().map(execution).collect::<Value>(),
    })
}

fn step(step: &Value) -> Value {
    json!({
        "key": step["key"],
        "name": step["name"],
        "operation": step["operation"],
        "credential": step["credential"]["name"],
    })
}

fn execution(execution: &Value) -> Value {
    json!({
        "id": uuid(&execution["id"], |id| id.parse().ok().map(ExecutionId::uuid)),
        "status": execution["status"],
        "created": millis(&execution["createdAt"]),
        "finished": millis(&execution["finishedAt"]),
    })
}

/// A list, or the nodes of a connection.
fn nodes(list: &Value) -> &[Value] {
    let list = if list.is_object() { &list["nodes"] } else { list };
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The UUID of an id that is one, or of a `TypeID`.
fn uuid(id: &Value, of_type_id: impl Fn(&str) -> Option<Uuid>) -> Option<String> {
    let id = id.as_str()?;
    let uuid: Option<Uuid> = id.parse().ok().or_else(|| of_type_id(id));
    uuid.map(|uuid| uuid.to_string())
}

/// To the millisecond, which is all that JavaScript's dates hold.
fn millis(time: &Value) -> Option<i64> {
    let time: DateTimeWithTimeZone = time.as_str()?.parse().ok()?;
    Some(time.timestamp_millis())
}
