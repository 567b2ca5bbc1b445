//! `formatter`: transforms of texts, numbers and dates, without external services or state.

mod date;
pub mod decimal;
pub mod moment;
mod number;
mod text;

use std::marker::PhantomData;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use triptych_entities::relational::automation::step::Kind;

use triptych_services::clock::Clock;

use super::{About, Action, ActionError, ActionResult, Call, Outcome, Tools, pattern::Trouble};
use crate::compute::Deadline;

pub(super) const TEXT: Format<text::Parameters> = Format(PhantomData);
pub(super) const NUMBER: Format<number::Parameters> = Format(PhantomData);
pub(super) const DATE: Format<date::Parameters> = Format(PhantomData);

/// The parameters of an operation, which choose one of its transforms.
pub(super) trait Transforms: DeserializeOwned + JsonSchema + Send + 'static {
    const ABOUT: About;

    /// Runs the chosen transform.
    fn apply(&self, clock: &Clock, deadline: Deadline) -> Result<Value, Trouble>;

    /// See [`Action::accepts_missing`].
    fn accepts_missing(_parameters: &Value) -> bool {
        false
    }
}

/// The operation that runs the transforms of `T`.
pub(super) struct Format<T>(PhantomData<fn() -> T>);

#[derive(Serialize, JsonSchema)]
pub(super) struct Formatted {
    /// The result of the transform: a text, a number or a list.
    value: Value,
}

#[async_trait]
impl<T: Transforms> Action for Format<T> {
    type Parameters = T;
    type Output = Formatted;

    const ABOUT: About = T::ABOUT;

    async fn run(&self, parameters: T, call: &Call<'_>, tools: &Tools) -> ActionResult<Formatted> {
        let clock = tools.clock.clone();
        let apply = move |deadline| parameters.apply(&clock, deadline);
        let value = tools.compute.run(&call.budget, apply).await.map_err(ActionError::from)?;
        Ok(Outcome::Done(Formatted { value }))
    }

    fn accepts_missing(parameters: &Value) -> bool {
        T::accepts_missing(parameters)
    }
}

const fn about(key: &'static str, name: &'static str, description: &'static str) -> About {
    About { integration: "formatter", key, name, description, kind: Kind::Action }
}

impl Transforms for text::Parameters {
    const ABOUT: About = about("text", "Format text", "Converts a text, or extracts a part of it.");

    fn apply(&self, _: &Clock, deadline: Deadline) -> Result<Value, Trouble> {
        text::apply(self, deadline)
    }

    fn accepts_missing(parameters: &Value) -> bool {
        parameters["transform"] == "default"
    }
}

impl Transforms for number::Parameters {
    const ABOUT: About = about(
        "number",
        "Format a number",
        "Parses, calculates, rounds and formats numbers: decimal, exact to 28 digits.",
    );

    fn apply(&self, clock: &Clock, _: Deadline) -> Result<Value, Trouble> {
        Ok(number::apply(self, || u64::from_le_bytes(clock.random_bytes()))?)
    }
}

impl Transforms for date::Parameters {
    const ABOUT: About = about("date", "Format a date", "Parses, shifts, compares and formats dates.");

    fn apply(&self, clock: &Clock, _: Deadline) -> Result<Value, Trouble> {
        Ok(date::apply(self, clock.now())?)
    }
}

/// The part of a schema that requires fields for one transform.
fn needs(transform: &str, fields: &[&str]) -> Value {
    json!({
        "if": { "required": ["transform"], "properties": { "transform": { "const": transform } } },
        "then": { "required": fields }
    })
}
