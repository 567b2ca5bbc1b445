//! The configuration of the template engine: filters, limits, and how values are printed.

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, filters as builtin,
    syntax::SyntaxConfig,
    value::{Rest, Value, ValueKind},
};

use super::{filters, json};

/// The fuel of one value: an instruction costs one, data about one for each 64 bytes. That limits a value to about
/// 13 MB and a fraction of a second.
const FUEL: u64 = 200_000;

pub(super) fn strict() -> Environment<'static> {
    build(UndefinedBehavior::Strict, print_present)
}

/// Like [`strict`], but a lookup in a missing value is again a missing value, until something uses it.
pub(super) fn catching() -> Environment<'static> {
    let mut environment = build(UndefinedBehavior::Chainable, print_present);
    // With this behaviour, the built-in filters would treat a missing value as an empty one.
    for (name, filter) in ordinary_filters() {
        environment.add_filter(name, move |state: &mut State, arguments: Rest<Value>| {
            if arguments.first().is_some_and(Value::is_undefined) {
                return Err(Error::from(ErrorKind::UndefinedError));
            }
            filter.call(state, &arguments)
        });
    }
    environment
}

pub(super) fn lenient() -> Environment<'static> {
    build(UndefinedBehavior::Chainable, print)
}

type Printer = fn(&mut Output, &mut State, &Value) -> Result<(), Error>;

fn build(undefined: UndefinedBehavior, printer: Printer) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(undefined);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    // A newline at the end of a text is kept.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    // Errors then contain the expression.
    environment.set_debug(true);
    environment.set_formatter(printer);
    environment.remove_global("debug");
    environment.remove_filter("pprint");
    filters::add(&mut environment);
    environment
}

fn print_present(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    print(out, state, value)
}

/// Prints text unchanged, null as an empty text, and lists and objects as JSON.
fn print(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let failed = |_| Error::from(ErrorKind::WriteFailure);
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(()),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            out.write_str(&json::text_of(value)?).map_err(failed)
        }
        ValueKind::Bool => out.write_str(if value.is_true() { "true" } else { "false" }).map_err(failed),
        _ => write!(out, "{value}").map_err(failed),
    }
}

/// The built-in filters that require an input. `default` is not one of them, as it accepts missing values.
fn ordinary_filters() -> Vec<(&'static str, Value)> {
    vec![
        ("abs", Value::from_function(builtin::abs)),
        ("bool", Value::from_function(builtin::bool)),
        ("capitalize", Value::from_function(builtin::capitalize)),
        ("first", Value::from_function(builtin::first)),
        ("float", Value::from_function(builtin::float)),
        ("int", Value::from_function(builtin::int)),
        ("items", Value::from_function(builtin::items)),
        ("join", Value::from_function(builtin::join)),
        ("last", Value::from_function(builtin::last)),
        ("length", Value::from_function(builtin::length)),
        ("lines", Value::from_function(builtin::lines)),
        ("list", Value::from_function(builtin::list)),
        ("lower", Value::from_function(builtin::lower)),
        ("map", Value::from_function(builtin::map)),
        ("max", Value::from_function(builtin::max)),
        ("min", Value::from_function(builtin::min)),
        ("replace", Value::from_function(builtin::replace)),
        ("reverse", Value::from_function(builtin::reverse)),
        ("round", Value::from_function(builtin::round)),
        ("sort", Value::from_function(builtin::sort)),
        ("split", Value::from_function(builtin::split)),
        ("sum", Value::from_function(builtin::sum)),
        ("title", Value::from_function(builtin::title)),
        ("trim", Value::from_function(builtin::trim)),
        ("unique", Value::from_function(builtin::unique)),
        ("upper", Value::from_function(builtin::upper)),
        ("urlencode", Value::from_function(builtin::urlencode)),
    ]
}
