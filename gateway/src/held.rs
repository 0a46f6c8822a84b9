//! Mail that is held here: a folder of messages that the mail server has forgotten, and the ways to give them back.
//!
//! A message is two files, named by its record, so that a list is in the order of time: `ID.eml` has its bytes, exactly,
//! and `ID.eml.json` what else is known of it, as a sidecar that every command of Switchback reads beside a message. A
//! message is there if its `.eml` is: that gets its name last and loses it first, so a crash at any moment leaves a whole
//! message or none.
//!
//! [`Spool::hold`] returns once both are durable, and only then may a door have the mail server forget the message.
//! [`Releaser`] gives a message back at most once by itself: before the mail server is called, that is written down, and what
//! it answered afterwards. Where the answer is missing, nobody knows whether the mail server has the message (RFC 1047), and
//! it is sent again only if somebody says so.

mod carrier;
mod error;
mod mail;
mod message;
mod parameters;
mod release;
mod sendmail;
mod smtp;
mod spool;
mod text;

pub use error::{HoldError, SpoolError};
pub use mail::MailToHold;
pub use message::{Attempt, HeldMessage, HeldRecipient, Released};
pub use release::{Again, Outcome, OutcomeKind, Releaser, Unreachable};
pub use spool::Spool;
