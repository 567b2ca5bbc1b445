//! Sends mails by SMTP.

mod text;

use std::time::Duration;

pub use lettre::address::AddressError;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{self, response::Category},
};
use secrecy::{ExposeSecret as _, SecretString};
use triptych_services::{
    error::Result,
    mail::{Mail, Mails},
};

/// Interval of polls, for mails that another process has queued. A poll is one read of an index.
const POLL: Duration = Duration::from_secs(2);
/// Time limit of each step of a conversation with a server.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Pause after a failure of a database.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// How mails are sent.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `smtps://user:password@host`, or `smtp://host:port?tls=required`.
    pub url: SecretString,
    pub from: Mailbox,
    /// The page that links lead to. A token follows as the fragment, which browsers do not send to servers.
    pub page: String,
}

/// Why mails cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("mail.url: {0}")]
pub struct MailError(smtp::Error);

/// Sends the mails that wait.
pub struct Mailer {
    mails: Mails,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    page: String,
}

/// Whether a server refuses this mail for good, and not the sender, such as for a wrong password.
fn is_about_the_mail(error: &smtp::Error) -> bool {
    error.is_permanent() && error.status().is_some_and(|code| code.category == Category::MailSystem)
}

impl Mailer {
    /// # Errors
    /// If the URL is not one of SMTP.
    pub fn new(mails: Mails, config: MailConfig) -> Result<Self, MailError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.url.expose_secret());
        let transport = builder.map_err(MailError)?.timeout(Some(TIMEOUT)).build();
        Ok(Self { mails, transport, from: config.from, page: config.page })
    }

    /// Works until the future is dropped. What was being sent is sent again.
    pub async fn run(&self) {
        loop {
            match self.round().await {
                Ok(0) => {
                    // Queued or not: then it is time to look.
                    let _ = tokio::time::timeout(POLL, self.mails.queued()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "mails were not read, retrying");
                    tokio::time::sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// Sends the mails whose time has come. Returns their number.
    async fn round(&self) -> Result<usize> {
        let mails = self.mails.take().await?;
        let sent = mails.iter().map(|mail| self.send(mail));
        for outcome in futures::future::join_all(sent).await {
            outcome?;
        }
        Ok(mails.len())
    }

    async fn send(&self, mail: &Mail) -> Result<()> {
        let kind = mail.letter.kind();
        let refused = match self.message(mail) {
            Ok(message) => match self.transport.send(message).await {
                Ok(_) => {
                    tracing::info!(mail.id = %mail.id, kind, "a mail was sent");
                    return self.mails.sent(mail).await;
                }
                Err(error) => (error.to_string(), is_about_the_mail(&error)),
            },
            Err(error) => (error.to_string(), true),
        };
        let (error, for_good) = refused;
        tracing::warn!(mail.id = %mail.id, kind, error, for_good, "a mail was not sent");
        self.mails.failed(mail, &error, for_good).await
    }

    fn message(&self, mail: &Mail) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let (subject, body) = text::of(&mail.letter, &self.page);
        let domain = self.from.email.domain();
        Ok(Message::builder()
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .from(self.from.clone())
            .to(mail.recipient.parse()?)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(body)?)
    }
}
