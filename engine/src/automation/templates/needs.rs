//! Which values templates refer to, so that only those are read from the database.

use serde_json::Value;
use triptych_services::automation::executions::{Needs, Outputs};

use super::{Renderer, check::each_template, render::condition_code};

impl Renderer {
    /// What the templates in a tree of parameters, and conditions, refer to. More than that if it cannot be told before
    /// they run.
    #[must_use]
    pub fn needs<'a>(&self, parameters: &Value, conditions: impl IntoIterator<Item = &'a str>) -> Needs {
        let mut needs = Needs::default();
        each_template(parameters, "", &mut |_, text| {
            // A statement can give a name another meaning in a part of the template.
            let names = if text.contains("{%") { None } else { self.names_of(text).ok() };
            add(&mut needs, text, names);
        });
        for condition in conditions {
            add(&mut needs, condition, self.expression_names(condition_code(condition)).ok());
        }
        needs
    }
}

fn add(needs: &mut Needs, text: &str, names: Option<Vec<String>>) {
    let Some(names) = names else {
        needs.trigger |= text.contains("trigger");
        if text.contains("steps") {
            needs.outputs = Outputs::All;
        }
        return;
    };
    for name in names {
        let mut path = name.split('.');
        match (path.next(), path.next()) {
            (Some("trigger"), _) => needs.trigger = true,
            (Some("steps"), Some(key)) => {
                if let Outputs::Of(keys) = &mut needs.outputs {
                    keys.insert(key.to_owned());
                }
            }
            (Some("steps"), None) => needs.outputs = Outputs::All,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needs(template: &str) -> Needs {
        Renderer::new().needs(&json!({ "a": [template] }), [])
    }

    fn of(trigger: bool, keys: &[&str]) -> Needs {
        Needs { trigger, outputs: Outputs::Of(keys.iter().map(|key| (*key).to_owned()).collect()) }
    }

    #[test]
    fn named_values_are_needed_and_no_others() {
        assert_eq!(needs("plain steps.a trigger"), of(false, &[]));
        assert_eq!(needs("{{ trigger.body.name }}"), of(true, &[]));
        assert_eq!(needs("{{ steps.a.output.x }} and {{ steps.b.output }}"), of(false, &["a", "b"]));
        assert_eq!(needs("{{ 'steps.a' | upper }}"), of(false, &[]));
        let condition = Renderer::new().needs(&json!({}), ["{{ steps.c.output.n > trigger.n }}"]);
        assert_eq!(condition, of(true, &["c"]));
    }

    #[test]
    fn every_output_is_needed_where_the_key_is_not_known() {
        for template in [
            "{{ steps[trigger.body.key].output }}",
            "{{ steps }}",
            "{{ steps | length }}",
            "{% for key in steps %}{{ key }}{% endfor %}",
            "{% set s = steps %}{{ s.a.output }}",
            "{{ steps.a.output",
        ] {
            assert_eq!(needs(template).outputs, Outputs::All, "{template}");
        }
    }
}
