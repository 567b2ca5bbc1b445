//! `formatter`: transforms of texts, numbers and dates, without external services or state.

mod date;
pub mod decimal;
pub mod moment;
mod number;
mod text;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;

use super::{About, Action, ActionError, Call, Outcome, Tools};

pub(super) struct Text;

#[derive(Serialize, JsonSchema)]
pub(super) struct FormattedText {
    /// A text for most transforms; a number for `length` and `extract_number`, a list for `split`.
    value: Value,
}

#[async_trait]
impl Action for Text {
    type Parameters = text::Parameters;
    type Output = FormattedText;

    const ABOUT: About = About {
        integration: "formatter",
        key: "text",
        name: "Format text",
        description: "Converts a text, or extracts a part of it.",
        kind: Kind::Action,
    };

    async fn run(
        &self,
        parameters: text::Parameters,
        _: &Call<'_>,
        _: &Tools,
    ) -> Result<Outcome<FormattedText>, ActionError> {
        let value = text::apply(&parameters).map_err(ActionError::bad_parameters)?;
        Ok(Outcome::Done(FormattedText { value }))
    }

    fn accepts_missing(parameters: &Value) -> bool {
        parameters["transform"] == "default"
    }
}

pub(super) struct Number;

#[derive(Serialize, JsonSchema)]
pub(super) struct FormattedNumber {
    /// A number; a text for `format` and `currency`.
    value: Value,
}

#[async_trait]
impl Action for Number {
    type Parameters = number::Parameters;
    type Output = FormattedNumber;

    const ABOUT: About = About {
        integration: "formatter",
        key: "number",
        name: "Format a number",
        description: "Parses, calculates, rounds and formats numbers: decimal, exact to 28 digits.",
        kind: Kind::Action,
    };

    async fn run(
        &self,
        parameters: number::Parameters,
        _: &Call<'_>,
        tools: &Tools,
    ) -> Result<Outcome<FormattedNumber>, ActionError> {
        let random = || u64::from_le_bytes(tools.mint.bytes());
        let value = number::apply(&parameters, random).map_err(ActionError::bad_parameters)?;
        Ok(Outcome::Done(FormattedNumber { value }))
    }
}

pub(super) struct Date;

#[derive(Serialize, JsonSchema)]
pub(super) struct FormattedDate {
    /// A text; a whole number for `difference`.
    value: Value,
}

#[async_trait]
impl Action for Date {
    type Parameters = date::Parameters;
    type Output = FormattedDate;

    const ABOUT: About = About {
        integration: "formatter",
        key: "date",
        name: "Format a date",
        description: "Parses, shifts, compares and formats dates.",
        kind: Kind::Action,
    };

    async fn run(
        &self,
        parameters: date::Parameters,
        _: &Call<'_>,
        tools: &Tools,
    ) -> Result<Outcome<FormattedDate>, ActionError> {
        let value = date::apply(&parameters, tools.mint.now()).map_err(ActionError::bad_parameters)?;
        Ok(Outcome::Done(FormattedDate { value }))
    }
}

/// The part of a schema that requires fields for one transform.
fn needs(transform: &str, fields: &[&str]) -> Value {
    json!({
        "if": { "required": ["transform"], "properties": { "transform": { "const": transform } } },
        "then": { "required": fields }
    })
}
