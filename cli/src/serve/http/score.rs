//! `POST /v1/score`: what is to be done with a message.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use switchback::Verdict;
use switchback_gateway::{Disposition, HeaderChange, Mail, Reply};

use super::problem::{Problem, json};
use super::{HttpDoor, body};
use crate::serve::fields;
use crate::serve::letter::Letter;

/// What is to be done with a message.
#[derive(JsonSchema, Serialize)]
pub(super) struct Scored<'a> {
    /// What becomes of it.
    disposition: Becomes<'a>,
    /// What changes in its header, in the order in which it is to be done.
    changes: Vec<Change<'a>>,
    /// Whether the message is longer than what was read of it.
    is_partial: bool,
    /// What the slot decided; null where it was not asked, as for mail in a direction that is not scored.
    verdict: Option<&'a Verdict>,
}

/// What becomes of a message.
#[derive(JsonSchema, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Becomes<'a> {
    /// It goes on to its recipients.
    Accept,
    /// It goes into the mail server's own quarantine.
    Quarantine {
        /// Why, in printable ASCII.
        reason: &'a str,
    },
    /// It is held here, durably, and the mail server forgets it.
    Discard,
    /// It is refused for good.
    Reject {
        /// What the client is told.
        reply: Answer<'a>,
    },
    /// It is refused for now: the client tries again.
    Tempfail {
        /// What the client is told.
        reply: Answer<'a>,
    },
}

/// A reply of SMTP.
#[derive(JsonSchema, Serialize)]
struct Answer<'a> {
    /// 400 to 599.
    code: u16,
    /// The enhanced status code (RFC 3463).
    enhanced: &'a str,
    /// One line of printable ASCII.
    text: &'a str,
}

/// One change of a header.
#[derive(JsonSchema, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Change<'a> {
    /// Remove a field.
    Remove {
        /// Its name, in whichever case.
        name: &'a str,
        /// Which of the fields of this name, from the top, counted from 1, when its turn comes.
        index: u32,
    },
    /// Insert a field above all others.
    Insert {
        /// Its name.
        name: &'a str,
        /// Its value, without the space after the colon. Lines are folded by a line feed and a space or tab.
        value: &'a str,
    },
}

impl<'a> From<&'a Disposition> for Becomes<'a> {
    fn from(disposition: &'a Disposition) -> Self {
        match disposition {
            Disposition::Quarantine { reason } => Self::Quarantine { reason },
            Disposition::Discard => Self::Discard,
            Disposition::Reject(reply) => Self::Reject { reply: reply.into() },
            Disposition::Tempfail(reply) => Self::Tempfail { reply: reply.into() },
            _ => Self::Accept,
        }
    }
}

impl<'a> From<&'a Reply> for Answer<'a> {
    fn from(reply: &'a Reply) -> Self {
        Self { code: reply.code(), enhanced: reply.enhanced(), text: reply.text() }
    }
}

impl<'a> From<&'a HeaderChange> for Change<'a> {
    fn from(change: &'a HeaderChange) -> Self {
        match change {
            HeaderChange::Remove { name, index } => Self::Remove { name, index: *index },
            HeaderChange::Insert { name, value } => Self::Insert { name, value },
        }
    }
}

pub(super) async fn handle(State(door): State<Arc<HttpDoor>>, request: Request) -> Result<Response, Problem> {
    let mail = door.mail(request, Hearing::Obeyed).await?;
    let is_partial = mail.text.is_partial();
    let decision = door.gateway.judge(mail).await;
    let scored = Scored {
        disposition: (&decision.disposition).into(),
        changes: decision.changes.iter().map(Change::from).collect(),
        is_partial,
        verdict: decision.verdict.as_ref(),
    };
    Ok(json(StatusCode::OK, &scored))
}

/// What clients of an interface do with what they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It.
    Obeyed,
    /// What they think best, and they do not forget a message.
    Advice,
}

impl HttpDoor {
    /// The message of a request, with what its header tells.
    pub(super) async fn mail(&self, request: Request, hearing: Hearing) -> Result<Mail, Problem> {
        let (head, message) = request.into_parts();
        let mut transaction = fields::transaction(&head.headers).map_err(Problem::bad)?;
        transaction.is_advice = hearing == Hearing::Advice;
        let idle = self.gateway.config().http.timeout;
        let received = body::read(&head.headers, message, &self.gateway, idle).await?;
        // rspamc and Amavis send files.
        Ok(Mail::new(transaction, Letter::new(received).take_sent(self.gateway.text())))
    }
}
