//! Checks templates before they run.

use minijinja::Environment;
use serde_json::Value;
use triptych_services::error::Problem;

use super::{
    Renderer,
    error::describe,
    render::{condition_code, join},
    scope, source,
};

impl Renderer {
    /// The problems of the templates in a tree of parameters that can be found before they run: syntax, names that
    /// do not exist, unknown filters. Paths start with `text_path`.
    #[must_use]
    pub fn problems(&self, text_path: &str, parameters: &Value) -> Vec<Problem> {
        let mut problems = Vec::new();
        each_template(parameters, text_path, &mut |path, text| {
            let found = self.template_problem(text);
            problems.extend(found.map(|message| Problem::new(path, message)));
        });
        problems
    }

    /// Which steps' outputs a tree of parameters uses: the path of each template, from the parameters' root, with
    /// the key of the step. In order, without repetitions.
    #[must_use]
    pub fn references(&self, parameters: &Value) -> Vec<(String, String)> {
        let mut references = Vec::new();
        each_template(parameters, "", &mut |path, text| {
            let keys = step_keys(&self.names_of(text).unwrap_or_default(), text);
            references.extend(keys.into_iter().map(|key| (path.to_owned(), key)));
        });
        references
    }

    /// The paths that the templates in a value refer to, such as `parameters.owner`. For templates
    /// that are not of a flow.
    ///
    /// # Errors
    /// The first problem of the templates that can be found before they run.
    pub fn names(&self, templates: &Value) -> Result<Vec<String>, String> {
        let mut names = Ok(Vec::new());
        each_template(templates, "", &mut |_, text| {
            if let Ok(known) = &mut names {
                match self.names_in(text) {
                    Ok(found) => known.extend(found),
                    Err(message) => names = Err(format!("`{text}`: {message}")),
                }
            }
        });
        names
    }

    fn names_in(&self, text: &str) -> Result<Vec<String>, String> {
        if let Some(unknown) = source::code(text).iter().find_map(|code| self.unknown_filter(code)) {
            return Err(unknown);
        }
        self.names_of(text).map_err(|error| describe(&error))
    }

    /// The problem of a branch's condition that can be found before it runs.
    #[must_use]
    pub fn condition_problem(&self, expression: &str) -> Option<String> {
        let code = condition_code(expression);
        if code.is_empty() {
            return Some("write a condition, such as `trigger.body.n > 3`".to_owned());
        }
        match self.expression_names(code) {
            Ok(names) => {
                let (bare, _) = source::without_strings(code, None);
                unknown_name(&names).or_else(|| self.unknown_filter(&bare))
            }
            Err(error) if source::is_template(code) => Some(format!(
                "{}; write the whole condition as one expression, without braces inside",
                describe(&error)
            )),
            Err(error) => Some(describe(&error)),
        }
    }

    /// The keys of the steps that a branch condition refers to, sorted, without duplicates.
    #[must_use]
    pub fn condition_references(&self, expression: &str) -> Vec<String> {
        let code = condition_code(expression);
        self.expression_names(code).map(|names| step_keys(&names, code)).unwrap_or_default()
    }

    fn template_problem(&self, text: &str) -> Option<String> {
        let names = match self.names_of(text) {
            Ok(names) => names,
            Err(error) => return Some(describe(&error)),
        };
        unknown_name(&names).or_else(|| source::code(text).iter().find_map(|code| self.unknown_filter(code)))
    }

    pub(super) fn expression_names(&self, code: &str) -> Result<Vec<String>, minijinja::Error> {
        if source::is_code_too_long(code) {
            return Err(too_long());
        }
        let expression = self.strict.compile_expression(code)?;
        Ok(sorted(expression.undeclared_variables(true)))
    }

    /// The paths that a template refers to.
    pub(super) fn names_of(&self, text: &str) -> Result<Vec<String>, minijinja::Error> {
        match source::inside(text).map(|code| self.expression_names(code)) {
            Some(Ok(names)) => Ok(names),
            _ => self.text_names(text),
        }
    }

    fn text_names(&self, text: &str) -> Result<Vec<String>, minijinja::Error> {
        if source::is_too_long(text) {
            return Err(too_long());
        }
        // The environment does not copy the text, so its lifetime is shortened to that of the text.
        let environment: &Environment<'_> = &self.strict;
        Ok(sorted(environment.template_from_str(text)?.undeclared_variables(true)))
    }

    fn unknown_filter(&self, code: &str) -> Option<String> {
        let called: std::collections::BTreeSet<&str> = source::called_filters(code).into_iter().collect();
        called.into_iter().find_map(|name| {
            let known = self.strict.compile_expression("name is filter").ok()?;
            let known = known.eval(minijinja::context! { name }).ok()?;
            (!known.is_true()).then(|| format!("there is no filter `{name}`"))
        })
    }
}

/// The error of code that is longer than the limit.
pub(super) fn too_long() -> minijinja::Error {
    let message = format!("an expression has more than {} characters, without its texts", source::CODE_LIMIT);
    minijinja::Error::new(minijinja::ErrorKind::SyntaxError, message)
}

fn sorted(names: std::collections::HashSet<String>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort();
    names
}

const FUNCTIONS: [&str; 3] = ["range", "dict", "namespace"];

fn unknown_name(names: &[String]) -> Option<String> {
    names.iter().find_map(|path| {
        let name = path.split('.').next().unwrap_or_default();
        let known = scope::NAMES.contains(&name) || FUNCTIONS.contains(&name);
        (!known).then(|| format!("there is no `{name}` here; templates see {}", scope::NAMES.join(", ")))
    })
}

fn step_keys(names: &[String], source: &str) -> Vec<String> {
    let dotted = names.iter().filter_map(|name| {
        let rest = name.strip_prefix("steps.")?;
        Some(rest.split('.').next().unwrap_or(rest).to_owned())
    });
    let mut keys: Vec<String> = dotted.collect();
    // `steps` alone is reported where a subscript follows.
    if names.iter().any(|name| name == "steps") {
        keys.extend(source::subscripted_steps(source));
    }
    keys.sort();
    keys.dedup();
    keys
}

pub(super) fn each_template(value: &Value, path: &str, visit: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) if source::is_template(text) => visit(path, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_template(item, &join(path, &index.to_string()), visit);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                each_template(field, &join(path, key), visit);
            }
        }
        _ => {}
    }
}
