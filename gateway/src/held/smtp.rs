//! Giving mail back by SMTP (RFC 5321), to a port behind which nothing scans.

use std::cell::Cell;
use std::error::Error as _;
use std::iter;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::carrier::{Carried, Carrier, Letter};
use super::parameters::{Offers, Parameters};
use super::text::with_crlf;

/// How long a connection may take: the server is near.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an answer may take. That to the end of a message is the longest (RFC 5321, section 4.5.3.2.6); who gives up
/// before it gets mail twice (RFC 1047).
const REPLY_TIMEOUT: Duration = Duration::from_secs(600);

/// How long a server is waited for that is told that nothing more comes.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a message that are written at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A server that takes mail by SMTP. One connection is used for many messages.
pub(super) struct Smtp {
    server: SocketAddr,
    session: Option<Session>,
}

struct Session {
    connection: SmtpConnection,
    offers: Offers,
}

/// Why a transaction came to no answer.
enum Failure {
    /// The message stays here.
    NotSent(String),
    /// The connection is of no use any more. The message was not sent.
    Lost(String),
    /// The connection was lost where the answer was due.
    Unanswered(String),
}

impl Smtp {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server, session: None }
    }

    fn try_to(&mut self, letter: &Letter<'_>) -> Result<Vec<Result<String, String>>, Failure> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(self.server).map_err(Failure::NotSent)?,
        };
        let answered = session.transact(letter);
        if matches!(answered, Ok(_) | Err(Failure::NotSent(_))) && session.reset() {
            self.session = Some(session);
        }
        answered
    }
}

impl Carrier for Smtp {
    fn name(&self) -> String {
        format!("smtp {}", self.server)
    }

    fn reach(&mut self) -> Result<(), String> {
        if self.session.is_none() {
            self.session = Some(Session::open(self.server)?);
        }
        Ok(())
    }

    fn carry(&mut self, letter: &Letter<'_>) -> Carried {
        let was_open = self.session.is_some();
        let answered = match self.try_to(letter) {
            // A server may close a connection that nobody used for a while.
            Err(Failure::Lost(_)) if was_open => self.try_to(letter),
            answered => answered,
        };
        match answered {
            Ok(answers) => Carried::Answered(answers),
            Err(Failure::NotSent(why) | Failure::Lost(why)) => Carried::NotSent(why),
            Err(Failure::Unanswered(why)) => Carried::Uncertain(why),
        }
    }
}

impl Session {
    fn open(server: SocketAddr) -> Result<Self, String> {
        let name = ClientId::default();
        let failed = |error: &Error| format!("no connection to {server}: {}", said(error));
        let mut connection = SmtpConnection::connect(server, Some(CONNECT_TIMEOUT), &name, None, None)
            .map_err(|error| failed(&error))?;
        let patient = connection.set_timeout(Some(REPLY_TIMEOUT));
        patient.map_err(|error| format!("no connection to {server}: {error}"))?;
        // The library keeps only some of what is offered.
        let offered = connection.command(Ehlo::new(name)).map_err(|error| failed(&error))?;
        let keyword = |line: &str| line.split_whitespace().next().map(str::to_ascii_uppercase);
        let offers = offered.message().skip(1).filter_map(keyword).collect();
        Ok(Self { connection, offers })
    }

    /// One mail transaction: an answer for each recipient.
    fn transact(&mut self, letter: &Letter<'_>) -> Result<Vec<Result<String, String>>, Failure> {
        let parameters = Parameters::of(letter, &self.offers).map_err(Failure::NotSent)?;
        let mail = format!("MAIL FROM:<{}>{}\r\n", letter.sender, listed(&parameters.mail));
        self.command(mail)?.map_err(Failure::NotSent)?;
        let mut answers = Vec::new();
        for (to, parameters) in letter.recipients.iter().zip(&parameters.recipients) {
            let answer = self.command(format!("RCPT TO:<{}>{}\r\n", to.address, listed(parameters)))?;
            answers.push(answer);
        }
        if answers.iter().all(Result::is_err) {
            return Ok(answers);
        }
        let answer = match self.command(Data.to_string())? {
            Ok(go_on) if go_on.starts_with("354") => self.text(letter.bytes)?,
            Ok(odd) => return Err(Failure::Lost(odd)),
            Err(refused) => Err(refused),
        };
        Ok(answers.into_iter().map(|of_one| of_one.and_then(|_| answer.clone())).collect())
    }

    /// Sends the message, and waits for the answer.
    fn text(&mut self, bytes: &[u8]) -> Result<Result<String, String>, Failure> {
        let text = with_crlf(bytes);
        // The library ends the last line.
        let text = text.strip_suffix(b"\r\n").unwrap_or(&text);
        let is_written = Cell::new(false);
        let mut chunks = text.chunks(CHUNK_BYTES);
        // It asks for the next part when the one before is written.
        let parts = iter::from_fn(|| {
            let next = chunks.next();
            is_written.set(next.is_none());
            next
        });
        match self.connection.message_iter(parts) {
            Ok(answer) if answer.has_code(250) => Ok(Ok(in_words(&answer))),
            Ok(odd) => Err(Failure::Unanswered(in_words(&odd))),
            Err(error) if error.status().is_some() => Ok(Err(said(&error))),
            // Without its end no server may take a message (RFC 5321, section 4.1.1.4).
            Err(error) if !is_written.get() => Err(Failure::Lost(said(&error))),
            Err(error) => Err(Failure::Unanswered(format!("no answer to the message: {}", said(&error)))),
        }
    }

    /// The answer to a command: `Err` if the server refuses.
    fn command(&mut self, command: String) -> Result<Result<String, String>, Failure> {
        match self.connection.command(command) {
            Ok(answer) => Ok(Ok(in_words(&answer))),
            Err(error) if error.status().is_some() => Ok(Err(said(&error))),
            Err(error) => Err(Failure::Lost(said(&error))),
        }
    }

    /// Whether the connection can be used for another message.
    fn reset(&mut self) -> bool {
        self.connection.command("RSET\r\n").is_ok()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.connection.set_timeout(Some(QUIT_TIMEOUT));
        self.connection.abort();
    }
}

fn listed(parameters: &[String]) -> String {
    parameters.iter().map(|parameter| format!(" {parameter}")).collect()
}

fn in_words(answer: &Response) -> String {
    let text: Vec<_> = answer.message().collect();
    format!("{} {}", answer.code(), text.join(" "))
}

/// `550 5.1.1 no such mailbox`, or what is wrong with the connection.
fn said(error: &Error) -> String {
    let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    error.status().map_or_else(|| text.clone(), |code| format!("{code} {text}"))
}
