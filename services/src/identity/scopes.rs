//! The scopes of API tokens.

use std::fmt;

use triptych_stores::access::{Action, Grant, Subject, subjects};

use crate::input::Refusal;

/// A permission that a token is limited to, as `action:subject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenScope(Action, Subject);

impl TokenScope {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        text.split_once(':')
            .and_then(|(action, subject)| Some(Self(Action::by_name(action)?, subjects::by_name(subject)?)))
            .ok_or("must be an action and a subject, such as `read:flow`")
    }

    /// The part of the scope that the grants allow: itself, or for `manage` the actions that are granted.
    pub(super) fn cut(self, grants: &[Grant]) -> Vec<Self> {
        let granted = || grants.iter().filter(|grant| grant.subject == self.1);
        if granted().any(|grant| grant.action == self.0 || grant.action == Action::Manage) {
            return vec![self];
        }
        if self.0 == Action::Manage { Self::distinct(granted()) } else { Vec::new() }
    }

    /// The scopes of grants, except those that govern access.
    pub(super) fn of(grants: &[Grant]) -> Vec<Self> {
        Self::distinct(grants.iter().filter(|grant| !grant.subject.governs_access()))
    }

    fn distinct<'a>(grants: impl Iterator<Item = &'a Grant>) -> Vec<Self> {
        let mut scopes = Vec::new();
        for grant in grants {
            let scope = Self(grant.action, grant.subject);
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// Limits a permission of the user to the scopes of a token. Without scopes, the token has the permission unless it
    /// governs access.
    pub(super) fn limit(grant: Grant, scopes: &[String]) -> Vec<Grant> {
        if scopes.is_empty() {
            return if grant.subject.governs_access() { Vec::new() } else { vec![grant] };
        }
        let scopes = scopes.iter().filter_map(|scope| Self::parse(scope).ok());
        scopes
            .filter(|scope| scope.1 == grant.subject)
            .filter_map(|Self(action, _)| match (grant.action, action) {
                (_, Action::Manage) => Some(grant),
                (Action::Manage, action) => Some(Grant { action, ..grant }),
                (granted, action) => (granted == action).then_some(grant),
            })
            .collect()
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(action: Action, subject: Subject) -> Grant {
        Grant { action, subject, only_own: false }
    }

    fn cut(scope: &str, grants: &[Grant]) -> Vec<String> {
        TokenScope::parse(scope).unwrap().cut(grants).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_scope_is_cut_to_what_is_granted() {
        let grants = [
            grant(Action::Read, Subject::Flow),
            grant(Action::Run, Subject::Flow),
            grant(Action::Manage, Subject::Thread),
        ];
        assert_eq!(cut("read:flow", &grants), ["read:flow"]);
        assert_eq!(cut("manage:flow", &grants), ["read:flow", "run:flow"]);
        assert_eq!(cut("manage:thread", &grants), ["manage:thread"]);
        assert_eq!(cut("delete:thread", &grants), ["delete:thread"]);
        assert!(cut("delete:flow", &grants).is_empty() && cut("manage:queue", &grants).is_empty());
    }

    #[test]
    fn a_token_without_scopes_does_not_govern_access() {
        let (flow, token) = (grant(Action::Manage, Subject::Flow), grant(Action::Manage, Subject::ApiToken));
        assert_eq!(TokenScope::limit(flow, &[]), [flow]);
        assert!(TokenScope::limit(token, &[]).is_empty());
        assert_eq!(TokenScope::limit(token, &["manage:api_token".to_owned()]), [token]);
        let read = ["read:api_token".to_owned()];
        assert_eq!(TokenScope::limit(token, &read), [grant(Action::Read, Subject::ApiToken)]);
    }
}
