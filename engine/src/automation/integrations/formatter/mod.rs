//! `formatter`: texts, numbers and dates in another form. No outside service, no state.

mod date;
pub mod decimal;
pub mod moment;
mod number;
mod schema;
mod text;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{ActionError, Call, Definition, Outcome, Run, Tools};

pub(super) fn definition() -> Definition {
    Definition {
        key: "formatter",
        name: "Formatter",
        description: "Brings texts, numbers and dates into another form.",
        credential: None,
        operations: vec![
            (schema::text(), Some(Arc::new(Text))),
            (schema::number(), Some(Arc::new(Number))),
            (schema::date(), Some(Arc::new(Date))),
        ],
    }
}

struct Text;

#[async_trait]
impl Run for Text {
    async fn run(&self, call: &Call<'_>, _: &Tools) -> Result<Outcome, ActionError> {
        done(text::apply(&call.parameters()?))
    }

    fn accepts_missing(&self, parameters: &Value) -> bool {
        parameters["transform"] == "default"
    }
}

struct Number;

#[async_trait]
impl Run for Number {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        done(number::apply(&call.parameters()?, || u64::from_le_bytes(tools.mint.bytes())))
    }
}

struct Date;

#[async_trait]
impl Run for Date {
    async fn run(&self, call: &Call<'_>, tools: &Tools) -> Result<Outcome, ActionError> {
        done(date::apply(&call.parameters()?, tools.mint.now()))
    }
}

fn done(value: Result<Value, String>) -> Result<Outcome, ActionError> {
    let value = value.map_err(ActionError::bad_parameters)?;
    Ok(Outcome::Done(json!({ "value": value })))
}
