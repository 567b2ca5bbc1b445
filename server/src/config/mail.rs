//! Mails: invitations, the confirmation of addresses, and lost passwords.

use serde::{Deserialize, Serialize};

use super::{DatabaseUrl, Section, check, problems::SectionProblems};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The SMTP server. Without it, no mail is sent.
    pub url: Option<DatabaseUrl>,
    /// The sender, as `Name <address>` or an address.
    pub from: Option<String>,
    /// The page that links lead to. Default: the playground at the public URL.
    pub page: Option<String>,
    /// Whether new accounts need the link of a mail.
    pub confirm_addresses: bool,
}

impl Section for MailConfig {
    fn validate(&self, problems: &mut SectionProblems<'_, '_>) {
        if let Some(url) = &self.url {
            check::database_url(problems, "url", Some(url), &["smtp", "smtps"]);
            problems.require(self.from.is_some(), "from", "an address, as `mail.url` is set");
        }
        check::web_url(problems, "page", self.page.as_deref());
        let fragment = self.page.as_ref().is_some_and(|page| page.contains('#'));
        problems.require(!fragment, "page", "a URL without a fragment");
        problems.require(
            self.url.is_some() || !self.confirm_addresses,
            "confirm_addresses",
            "false, as `mail.url` is not set",
        );
    }
}
