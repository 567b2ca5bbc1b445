//! A real SMTP server (RFC 5321) for mails of the server under test.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{attempts, clock::PATIENCE};

/// A mail that was taken.
#[derive(Debug, Clone, Default)]
pub struct ReceivedMail {
    pub from: String,
    pub to: String,
    /// The headers and the text, with quoted-printable decoded.
    pub text: String,
}

/// Listens on loopback until it is dropped.
pub struct SmtpServer {
    /// The URL with a user and a password.
    pub url: String,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct State {
    mails: Vec<ReceivedMail>,
    /// How many more mails are answered by "try again later".
    busy: usize,
}

impl SmtpServer {
    /// Takes mails of `ada` with the password `s3cret`, except for recipients at `unknown.example`.
    pub async fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("smtp://ada:s3cret@{}", listener.local_addr().expect("an address"));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                // A client may leave at any time.
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { url, state, task }
    }

    /// Answers the next mails by "try again later".
    pub fn be_busy(&self, mails: usize) {
        self.state.lock().expect("the state").busy = mails;
    }

    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.state.lock().expect("the state").mails.clone()
    }

    /// Waits for the mail with this number, counted from 0.
    pub async fn mail(&self, number: usize) -> ReceivedMail {
        let mut attempts = attempts(PATIENCE);
        while attempts.next().await {
            if let Some(mail) = self.mails().get(number) {
                return mail.clone();
            }
        }
        panic!("no mail {number} in time")
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ReceivedMail {
    /// The token after `#purpose=` in the link.
    pub fn token(&self, purpose: &str) -> String {
        let (_, rest) = self.text.split_once(&format!("#{purpose}=")).expect("a link");
        rest.split_whitespace().next().expect("a token").to_owned()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> String {
        let prefix = format!("{name}: ");
        let found = self.text.lines().find_map(|line| line.strip_prefix(&prefix));
        found.expect("the header").to_owned()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    let (mut mail, mut signed_in) = (ReceivedMail::default(), false);
    write.write_all(b"220 local ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let command = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let reply = match command.as_str() {
            "EHLO" => "250-local\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            // `\0ada\0s3cret` in Base64.
            "AUTH" if line.ends_with("AGFkYQBzM2NyZXQ=") => {
                signed_in = true;
                "235 2.7.0 accepted"
            }
            "AUTH" => "535 5.7.8 wrong password",
            _ if !signed_in => "530 5.7.0 sign in first",
            "MAIL" => {
                mail = ReceivedMail { from: between(&line), ..ReceivedMail::default() };
                "250 ok"
            }
            "RCPT" if line.contains("@unknown.example") => "550 5.1.1 no such mailbox here",
            "RCPT" => {
                mail.to = between(&line);
                "250 ok"
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                mail.text = decoded(&text);
                let mut state = state.lock().expect("the state");
                if state.busy > 0 {
                    state.busy -= 1;
                    "451 4.3.0 try again later"
                } else {
                    state.mails.push(mail.clone());
                    "250 2.0.0 taken"
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                break;
            }
            _ => "250 ok",
        };
        write.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The address in angle brackets.
fn between(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

/// Decodes quoted-printable: soft line breaks, and bytes in hexadecimal.
fn decoded(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(b'='));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
