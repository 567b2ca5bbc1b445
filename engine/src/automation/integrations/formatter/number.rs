//! `formatter/number`.

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{decimal, needs};

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Transform {
    ToNumber,
    Format,
    Round,
    Math,
    Currency,
    Absolute,
    Random,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Rounding {
    #[default]
    HalfUp,
    HalfEven,
    Up,
    Down,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("allOf" = [
    needs("to_number", &["value"]),
    needs("format", &["value"]),
    needs("round", &["value"]),
    needs("absolute", &["value"]),
    needs("math", &["value", "operation", "with"]),
    needs("currency", &["value", "currency"]),
]))]
pub struct Parameters {
    /// The transform.
    transform: Transform,
    /// The number. A text may contain group separators and a currency.
    #[schemars(extend("type" = ["number", "string"]), example = 1234.5, example = "1,234.50 €")]
    value: Option<Value>,
    /// Number of decimals, for `round` (default: 0), `format` (default: unchanged) and `currency` (default: that of the
    /// currency).
    #[schemars(range(max = 28))]
    decimals: Option<u32>,
    /// The rounding mode; `half_up` rounds halves away from zero.
    #[serde(default)]
    rounding: Rounding,
    /// For `math`: the operator.
    operation: Option<Operation>,
    /// For `math`: the second operand.
    #[schemars(extend("type" = ["number", "string"]), example = 1.19)]
    with: Option<Value>,
    /// The decimal separator of input and output.
    #[serde(default = "point")]
    #[schemars(extend("enum" = [".", ","]))]
    decimal_separator: String,
    /// For `format` and `currency`: the group separator. Default: a comma, or a point if the decimal separator is a
    /// comma.
    #[schemars(length(max = 1))]
    group_separator: Option<String>,
    /// For `currency`: the ISO 4217 code.
    #[schemars(regex(pattern = "^[A-Za-z]{3}$"), example = &"EUR")]
    currency: Option<String>,
    /// For `random`: the minimum, inclusive.
    #[serde(default)]
    min: i64,
    /// For `random`: the maximum, inclusive.
    #[serde(default = "hundred")]
    max: i64,
}

fn point() -> String {
    ".".to_owned()
}

fn hundred() -> i64 {
    100
}

/// Runs the transform. `random` provides 64 random bits.
pub(super) fn apply(parameters: &Parameters, random: impl Fn() -> u64) -> Result<Value, String> {
    if matches!(parameters.transform, Transform::Random) {
        return within(parameters.min, parameters.max, random());
    }
    let value = parameters.read(parameters.value.as_ref().unwrap_or(&Value::Null))?;
    Ok(match parameters.transform {
        Transform::ToNumber | Transform::Random => decimal::write(value),
        Transform::Absolute => decimal::write(value.abs()),
        Transform::Round => decimal::write(parameters.round(value, parameters.decimals.unwrap_or(0))),
        Transform::Math => {
            let with = parameters.read(parameters.with.as_ref().ok_or("`with` is missing")?)?;
            decimal::write(math(value, parameters.operation.ok_or("`operation` is missing")?, with)?)
        }
        Transform::Format => {
            let decimals = parameters.decimals.unwrap_or_else(|| value.normalize().scale());
            parameters.print(value, decimals).into()
        }
        Transform::Currency => {
            let currency = parameters.currency.as_deref().ok_or("`currency` is missing")?;
            parameters.money(value, &currency.to_ascii_uppercase()).into()
        }
    })
}

impl Parameters {
    fn read(&self, value: &Value) -> Result<Decimal, String> {
        let read = match value {
            Value::String(text) => parse(text, &self.decimal_separator),
            other => decimal::read(other),
        };
        read.ok_or_else(|| format!("{value} is not a number, or has more than 28 digits"))
    }

    fn round(&self, value: Decimal, decimals: u32) -> Decimal {
        let strategy = match self.rounding {
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
            Rounding::Up => RoundingStrategy::ToPositiveInfinity,
            Rounding::Down => RoundingStrategy::ToNegativeInfinity,
        };
        value.round_dp_with_strategy(decimals, strategy)
    }

    /// Formats a number with a fixed number of decimals and groups of three digits.
    fn print(&self, value: Decimal, decimals: u32) -> String {
        let point = self.decimal_separator.as_str();
        let group = self.group_separator.as_deref().unwrap_or(if point == "," { "." } else { "," });
        let rounded = self.round(value, decimals);
        let digits = format!("{:.*}", decimals as usize, rounded.abs());
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let mut text = String::new();
        if rounded.is_sign_negative() && !rounded.is_zero() {
            text.push('-');
        }
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push_str(group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push_str(point);
            text.push_str(fraction);
        }
        text
    }

    fn money(&self, value: Decimal, currency: &str) -> String {
        let decimals = self.decimals.unwrap_or(match currency {
            "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "XAF" | "XOF" => 0,
            "BHD" | "KWD" | "OMR" | "TND" | "JOD" => 3,
            _ => 2,
        });
        let symbol = match currency {
            "USD" => "$",
            "EUR" => "€",
            "GBP" => "£",
            "JPY" => "¥",
            "INR" => "₹",
            "KRW" => "₩",
            _ => "",
        };
        let amount = self.print(value, decimals);
        let (sign, amount) = amount.strip_prefix('-').map_or(("", amount.as_str()), |rest| ("-", rest));
        if symbol.is_empty() {
            format!("{sign}{currency} {amount}")
        } else {
            format!("{sign}{symbol}{amount}")
        }
    }
}

/// Parses a number with group separators, spaces, and the symbol or code of a currency.
fn parse(text: &str, decimal_separator: &str) -> Option<Decimal> {
    let group = if decimal_separator == "," { '.' } else { ',' };
    let bare: String = text
        .chars()
        .filter(|character| {
            *character != group && !character.is_whitespace() && !matches!(character, '\'' | '’' | '_')
        })
        .collect();
    let bare = bare.replace(decimal_separator, ".").replace('\u{2212}', "-");
    let (sign, rest) = bare.strip_prefix('-').map_or(("", bare.as_str()), |rest| ("-", rest));
    let number = rest.trim_start_matches(is_currency).trim_end_matches(is_currency);
    decimal::parse(&format!("{sign}{number}"))
}

fn is_currency(character: char) -> bool {
    character.is_ascii_uppercase() || "$€£¥₹₩₽₺฿".contains(character)
}

fn math(value: Decimal, operation: Operation, with: Decimal) -> Result<Decimal, String> {
    if with.is_zero() && matches!(operation, Operation::Divide | Operation::Remainder) {
        return Err("cannot divide by zero".to_owned());
    }
    let result = match operation {
        Operation::Add => value.checked_add(with),
        Operation::Subtract => value.checked_sub(with),
        Operation::Multiply => value.checked_mul(with),
        Operation::Divide => value.checked_div(with),
        Operation::Remainder => value.checked_rem(with),
    };
    result.ok_or_else(|| "the result has more than 28 digits".to_owned())
}

fn within(min: i64, max: i64, bits: u64) -> Result<Value, String> {
    let count = i128::from(max) - i128::from(min) + 1;
    if count < 1 {
        return Err("`min` is larger than `max`".to_owned());
    }
    let chosen = i128::from(min) + i128::from(bits) % count;
    i64::try_from(chosen).map(Value::from).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(parameters: Value) -> Result<Value, String> {
        apply(&serde_json::from_value(parameters).unwrap(), || 7)
    }

    #[test]
    fn parses_formatted_numbers() {
        let read = |value: &str, point: &str| {
            run(json!({ "transform": "to_number", "value": value, "decimalSeparator": point })).unwrap()
        };
        assert_eq!(read("1,234.50", "."), 1234.5);
        assert_eq!(read("1.234,50 €", ","), 1234.5);
        assert_eq!(read("-$1 234", "."), -1234);
        assert_eq!(read("CHF 1'000", "."), 1000);
        assert_eq!(read("1e3", "."), 1000);
        for wrong in ["", "abc", "1.2.3", "--1", "12abc"] {
            assert!(run(json!({ "transform": "to_number", "value": wrong })).is_err(), "{wrong}");
        }
        assert!(run(json!({ "transform": "to_number", "value": null })).is_err());
    }

    #[test]
    fn arithmetic_is_decimal() {
        let math = |a: Value, operation: &str, b: Value| {
            run(json!({ "transform": "math", "value": a, "operation": operation, "with": b }))
        };
        assert_eq!(math(json!(0.1), "add", json!(0.2)).unwrap(), 0.3);
        assert_eq!(math(json!("10"), "subtract", json!("2.5")).unwrap(), 7.5);
        assert_eq!(math(json!(6), "multiply", json!(7)).unwrap(), 42);
        assert_eq!(math(json!(7), "divide", json!(2)).unwrap(), 3.5);
        assert_eq!(math(json!(7), "remainder", json!(4)).unwrap(), 3);
        assert!(math(json!(1), "divide", json!(0)).unwrap_err().contains("zero"));
        assert!(math(json!(1e28), "multiply", json!(1e28)).is_err());
    }

    #[test]
    fn rounds_by_the_given_mode() {
        let round = |value: Value, decimals: u32, rounding: &str| {
            run(json!({
                "transform": "round", "value": value, "decimals": decimals, "rounding": rounding,
            }))
            .unwrap()
        };
        assert_eq!(round(json!(2.345), 2, "half_up"), 2.35);
        assert_eq!(round(json!(2.5), 0, "half_even"), 2);
        assert_eq!(round(json!(2.1), 0, "up"), 3);
        assert_eq!(round(json!(-2.1), 0, "down"), -3);
    }

    #[test]
    fn formats_with_groups_and_decimals() {
        let format = |more: Value| {
            let mut parameters = json!({ "transform": "format", "value": 1_234_567.891 });
            parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            run(parameters).unwrap()
        };
        assert_eq!(format(json!({})), "1,234,567.891");
        assert_eq!(
            format(json!({ "decimals": 2, "decimalSeparator": ",", "value": "1234567,8" })),
            "1.234.567,80"
        );
        assert_eq!(format(json!({ "groupSeparator": "", "decimals": 0 })), "1234568");
        assert_eq!(format(json!({ "value": -0.001, "decimals": 2 })), "0.00");
        assert_eq!(format(json!({ "value": -999.5, "decimals": 0 })), "-1,000");
    }

    #[test]
    fn prints_money() {
        let money = |value: Value, currency: &str| {
            run(json!({ "transform": "currency", "value": value, "currency": currency })).unwrap()
        };
        assert_eq!(money(json!(1234.5), "usd"), "$1,234.50");
        assert_eq!(money(json!(-3), "EUR"), "-€3.00");
        assert_eq!(money(json!(1234.6), "JPY"), "¥1,235");
        assert_eq!(money(json!(5), "CHF"), "CHF 5.00");
    }

    #[test]
    fn random_numbers_stay_within_their_limits() {
        assert_eq!(run(json!({ "transform": "random", "min": 10, "max": 14 })).unwrap(), 12);
        assert_eq!(run(json!({ "transform": "random", "min": 3, "max": 3 })).unwrap(), 3);
        assert!(run(json!({ "transform": "random", "min": 4, "max": 3 })).is_err());
        assert!(run(json!({ "transform": "random", "min": i64::MIN, "max": i64::MAX })).is_ok());
    }
}
