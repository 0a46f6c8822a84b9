//! Giving mail back: once each.

use std::fmt;

use serde::Serialize;
use switchback::verdict::RecordId;
use thiserror::Error;

use super::carrier::{Addressee, Carried, Carrier, Letter};
use super::error::SpoolError;
use super::message::{Attempt, HeldMessage, Released};
use super::sendmail::Sendmail;
use super::smtp::Smtp;
use super::spool::{Claim, Spool, now};
use crate::config::Reinjection;

/// Gives messages that are held back to the mail server.
pub struct Releaser<'a> {
    spool: &'a Spool,
    carrier: Box<dyn Carrier>,
    author: String,
    reason: String,
}

/// Whether a message is sent again of which nobody knows whether the mail server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It stays as it is.
    No,
    /// It is sent, and may arrive twice.
    Yes,
}

/// The mail server cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreachable(String);

/// What became of one message.
///
/// `Debug` prints no reply, which may have addresses.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Outcome {
    /// The message.
    pub id: RecordId,
    /// What became of it.
    pub outcome: OutcomeKind,
    /// Recipients for whom the mail server took it now.
    pub released: u64,
    /// Recipients that do not have it.
    pub outstanding: u64,
    /// Why it, or some recipient's part of it, is still held; or what the mail server said.
    pub why: Option<String>,
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OutcomeKind {
    /// The mail server took it for every recipient, and it is held no longer.
    Released,
    /// The mail server took it for some recipients; it is held for the others.
    Partly,
    /// It is held as before.
    Held,
    /// Nobody knows whether the mail server has it.
    Uncertain,
    /// Another process is giving it back.
    Busy,
    /// It is not held here.
    NotHeld,
}

impl OutcomeKind {
    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Partly => "partly",
            Self::Held => "held",
            Self::Uncertain => "uncertain",
            Self::Busy => "busy",
            Self::NotHeld => "not-held",
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("id", &self.id)
            .field("outcome", &self.outcome)
            .field("released", &self.released)
            .field("outstanding", &self.outstanding)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Releaser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Releaser")
            .field("spool", &self.spool)
            .field("through", &self.carrier.name())
            .finish_non_exhaustive()
    }
}

impl<'a> Releaser<'a> {
    /// Gives back this way, for an author who has a reason.
    pub fn new(spool: &'a Spool, through: &Reinjection, author: impl Into<String>, reason: impl Into<String>) -> Self {
        let carrier: Box<dyn Carrier> = match through {
            Reinjection::Smtp(server) => Box::new(Smtp::new(*server)),
            Reinjection::Sendmail(program) => Box::new(Sendmail { program: program.clone() }),
        };
        Self { spool, carrier, author: author.into(), reason: reason.into() }
    }

    /// Whether the mail server can be reached; else why not. What is held stays as it is.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn reach(&mut self) -> Result<(), Unreachable> {
        self.carrier.reach().map_err(Unreachable)
    }

    /// Gives a message back to the recipients that do not have it yet. Takes as long as the mail server does.
    ///
    /// Before the mail server is called, that is written down, and so is its answer: where this process dies between the two,
    /// the message is uncertain, and stays so until it is sent [again](Again::Yes) or removed.
    ///
    /// # Errors
    /// If the message cannot be read, or what happens to it not be written down. If the latter comes after the mail server's
    /// answer, the message is uncertain.
    pub fn release(&mut self, id: RecordId, again: Again) -> Result<Outcome, SpoolError> {
        let claim = match self.spool.claim(id) {
            Err(SpoolError::NotHeld(_)) => return Ok(Outcome::not_held(id)),
            Err(SpoolError::Busy(_)) => return Ok(Outcome::of(id, OutcomeKind::Busy, None)),
            claim => claim?,
        };
        if let Some(attempt) = claim.kept.held.attempt.as_ref().filter(|_| again == Again::No) {
            let why = format!("it was given to {} at {}, and the answer is not known", attempt.through, attempt.at);
            return Ok(Outcome::of(id, OutcomeKind::Uncertain, Some(why)).left(&claim.kept.held));
        }
        self.send(id, claim)
    }

    fn send(&mut self, id: RecordId, mut claim: Claim<'_>) -> Result<Outcome, SpoolError> {
        let bytes = claim.bytes()?;
        let held = claim.kept.held.clone();
        let recipients = held.outstanding().map(|to| Addressee { address: &to.address, parameters: &to.parameters });
        let letter = Letter {
            sender: &held.sender,
            mail_parameters: &held.mail_parameters,
            recipients: recipients.collect(),
            bytes: &bytes,
        };
        let unfit = match letter.recipients.is_empty() {
            true => Some("it has no recipient".to_owned()),
            false => letter.unfit(),
        };
        let carried = match unfit {
            Some(why) => Carried::NotSent(why),
            None => {
                claim.kept.held.attempt = Some(self.attempt());
                claim.write()?;
                self.carrier.carry(&letter)
            }
        };
        settle(id, claim, carried)
    }

    fn attempt(&self) -> Attempt {
        Attempt { at: now(), author: self.author.clone(), reason: self.reason.clone(), through: self.carrier.name() }
    }
}

/// Writes down what became of a message.
fn settle(id: RecordId, mut claim: Claim<'_>, carried: Carried) -> Result<Outcome, SpoolError> {
    let held = &mut claim.kept.held;
    let answers = match carried {
        Carried::Uncertain(why) => {
            held.why = Some(why.clone());
            let outcome = Outcome::of(id, OutcomeKind::Uncertain, Some(why)).left(held);
            claim.write()?;
            return Ok(outcome);
        }
        Carried::NotSent(why) => {
            held.attempt = None;
            held.why = Some(why.clone());
            let outcome = Outcome::of(id, OutcomeKind::Held, Some(why)).left(held);
            claim.write()?;
            return Ok(outcome);
        }
        Carried::Answered(answers) => answers,
    };
    let (mut released, mut replies) = (0, Vec::new());
    let outstanding = held.recipients.iter_mut().filter(|recipient| recipient.released.is_none());
    for (recipient, answer) in outstanding.zip(answers) {
        match answer {
            Ok(reply) => {
                released += 1;
                replies.push(reply.clone());
                recipient.refused = None;
                recipient.released = Some(Released { at: now(), reply });
            }
            Err(reply) => recipient.refused = Some(reply),
        }
    }
    let refused = held.outstanding().find_map(|recipient| recipient.refused.clone());
    held.attempt = None;
    held.why.clone_from(&refused);
    let kind = match (held.outstanding().count(), released) {
        (0, _) => OutcomeKind::Released,
        (_, 0) => OutcomeKind::Held,
        _ => OutcomeKind::Partly,
    };
    let why = refused.or_else(|| replies.pop());
    let outcome = Outcome { released, ..Outcome::of(id, kind, why).left(held) };
    if kind == OutcomeKind::Released {
        claim.remove()?
    } else {
        claim.write()?
    }
    Ok(outcome)
}

impl Outcome {
    /// A message that is not held.
    pub fn not_held(id: RecordId) -> Self {
        Self::of(id, OutcomeKind::NotHeld, None)
    }

    fn of(id: RecordId, outcome: OutcomeKind, why: Option<String>) -> Self {
        Self { id, outcome, released: 0, outstanding: 0, why }
    }

    fn left(self, held: &HeldMessage) -> Self {
        Self { outstanding: held.outstanding().count() as u64, ..self }
    }
}
