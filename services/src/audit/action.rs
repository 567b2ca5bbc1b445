//! What the audit log records.

/// An action that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAction {
    CreateOrganization,
    TransferOwnership,
    SignIn,
    /// A wrong password for an account that exists.
    FailSignIn,
    EndSession,
    EndAllSessions,
    ChangePassword,
    ResetPassword,
    CreateApiToken,
    DeleteApiToken,
    JoinOrganization,
    ChangeMember,
    RemoveMember,
    CreateInvitation,
    RevokeInvitation,
    CreateRole,
    ChangeRole,
    DeleteRole,
    CreateCredential,
    ChangeCredential,
    DeleteCredential,
    RotateWebhook,
    PublishFlow,
    PauseFlow,
    DeleteFlow,
    DeleteAccount,
}

impl AuditAction {
    pub const ALL: [Self; 26] = [
        Self::CreateOrganization,
        Self::TransferOwnership,
        Self::SignIn,
        Self::FailSignIn,
        Self::EndSession,
        Self::EndAllSessions,
        Self::ChangePassword,
        Self::ResetPassword,
        Self::CreateApiToken,
        Self::DeleteApiToken,
        Self::JoinOrganization,
        Self::ChangeMember,
        Self::RemoveMember,
        Self::CreateInvitation,
        Self::RevokeInvitation,
        Self::CreateRole,
        Self::ChangeRole,
        Self::DeleteRole,
        Self::CreateCredential,
        Self::ChangeCredential,
        Self::DeleteCredential,
        Self::RotateWebhook,
        Self::PublishFlow,
        Self::PauseFlow,
        Self::DeleteFlow,
        Self::DeleteAccount,
    ];

    /// The stored name: the subject, then what happened to it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateOrganization => "organization.create",
            Self::TransferOwnership => "organization.transfer",
            Self::SignIn => "session.create",
            Self::FailSignIn => "session.refuse",
            Self::EndSession => "session.end",
            Self::EndAllSessions => "session.end_all",
            Self::ChangePassword => "password.change",
            Self::ResetPassword => "password.reset",
            Self::CreateApiToken => "api_token.create",
            Self::DeleteApiToken => "api_token.delete",
            Self::JoinOrganization => "member.join",
            Self::ChangeMember => "member.change",
            Self::RemoveMember => "member.remove",
            Self::CreateInvitation => "invitation.create",
            Self::RevokeInvitation => "invitation.revoke",
            Self::CreateRole => "role.create",
            Self::ChangeRole => "role.change",
            Self::DeleteRole => "role.delete",
            Self::CreateCredential => "credential.create",
            Self::ChangeCredential => "credential.change",
            Self::DeleteCredential => "credential.delete",
            Self::RotateWebhook => "webhook.rotate",
            Self::PublishFlow => "flow.publish",
            Self::PauseFlow => "flow.pause",
            Self::DeleteFlow => "flow.delete",
            Self::DeleteAccount => "account.delete",
        }
    }

    /// The action with this stored name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        assert!(AuditAction::ALL.iter().all(|action| AuditAction::by_name(action.name()) == Some(*action)));
    }
}
