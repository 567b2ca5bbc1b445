//! Scalars that the library does not have.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

/// An exact decimal number, as a string: `"0.001250"`. For money.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.parse::<f64>().is_ok() => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Decimal {
    /// Converts millionths of a unit.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        let sign = if micros < 0 { "-" } else { "" };
        let micros = micros.unsigned_abs();
        Self(format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000))
    }
}
