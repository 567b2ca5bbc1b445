//! Validates each step.

use super::{Strictness, ValidStep, Validator};
use crate::automation::{
    flows::spec::StepSpec,
    integrations::{Operation, Start},
};
use crate::input::{Problems, StepKey, StepName, TimeLimit};

impl Validator<'_> {
    /// `None` for a step that has a problem. Problems that involve other steps, such as duplicate keys, are found by the
    /// caller.
    pub(super) fn check_step<'g>(
        &self,
        index: usize,
        step: &'g StepSpec,
        strictness: Strictness,
        problems: &mut Problems,
    ) -> Option<ValidStep<'g>> {
        let at = |field: &str| format!("steps.{index}.{field}");
        let key = problems.parsed(at("key"), StepKey::parse(&step.key));
        let name = step.name.as_deref().map(StepName::parse).transpose();
        let name = problems.parsed(at("name"), name);
        let time_limit = step.timeout_seconds.map(TimeLimit::parse).transpose();
        let time_limit = problems.parsed(at("timeoutSeconds"), time_limit);
        if let Some(message) = step.retry.and_then(|retry| retry.problem()) {
            problems.add(at("retry"), message);
        }
        let operation = self.check_operation(index, step, problems)?;
        if step.kind.is_some_and(|kind| kind != operation.kind) {
            let message =
                format!("`{}/{}` is of another kind; leave it out", step.integration, step.operation);
            problems.add(at("kind"), message);
        }
        if strictness == Strictness::Complete && self.lacks_credential(step) {
            problems.add(at("credentialId"), format!("`{}` needs a credential", step.integration));
        }
        let root = at("parameters");
        if step.parameters.is_object() {
            self.check_parameters(&root, operation, step, strictness, problems);
        } else {
            problems.add(root, "must be an object");
        }
        Some(ValidStep { key: key?, name: name?, kind: operation.kind, time_limit: time_limit?, spec: step })
    }

    fn lacks_credential(&self, step: &StepSpec) -> bool {
        let kind = self.catalog.integration(&step.integration).and_then(|known| known.credential.as_ref());
        kind.is_some_and(|kind| kind.required) && step.credential_id.is_none()
    }

    fn check_operation(&self, index: usize, step: &StepSpec, problems: &mut Problems) -> Option<&Operation> {
        let Some(integration) = self.catalog.integration(&step.integration) else {
            let message = format!("there is no integration `{}`", step.integration);
            problems.add(format!("steps.{index}.integration"), message);
            return None;
        };
        let found = integration.operations.iter().find(|operation| operation.key == step.operation);
        if found.is_none() {
            let known: Vec<_> =
                integration.operations.iter().map(|operation| operation.key.as_str()).collect();
            let message = format!(
                "`{}` has no operation `{}`; it has {}",
                step.integration,
                step.operation,
                known.join(", ")
            );
            problems.add(format!("steps.{index}.operation"), message);
        }
        found
    }

    fn check_parameters(
        &self,
        root: &str,
        operation: &Operation,
        step: &StepSpec,
        strictness: Strictness,
        problems: &mut Problems,
    ) {
        problems.extend(match strictness {
            Strictness::Draft => operation.parameters.check_draft(&step.parameters, root),
            Strictness::Complete => operation.parameters.check_complete(&step.parameters, root),
        });
        problems.extend(self.templates.problems(root, &step.parameters));
        if let Some(Start::Schedule(schedule)) = &operation.start {
            problems.extend(schedule.problem(&step.parameters, root));
        }
    }
}
