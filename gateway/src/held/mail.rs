//! What is to be held.

use std::fmt;

use switchback::{Authentication, Client, Verdict};

use crate::mail::{Direction, Transaction};

/// A message that is to be held, with what is known of it.
///
/// `Debug` prints no addresses and no text of mail.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct MailToHold<'a> {
    /// The transaction that it came with.
    pub transaction: &'a Transaction,
    /// The message, as it is to be given back.
    pub bytes: &'a [u8],
    /// Whether the message is longer than that.
    pub is_partial: bool,
    /// The slot that judged it.
    pub slot: &'a str,
    /// Which way it goes.
    pub direction: Direction,
    /// What the slot decided.
    pub verdict: &'a Verdict,
    /// The client that counts, where it is another one than the transaction's.
    pub client: Option<&'a Client>,
    /// What was verified of it, so that it can be judged again.
    pub authentication: Option<&'a Authentication>,
}

impl<'a> MailToHold<'a> {
    /// A whole message, and what a slot decided about it.
    pub fn new(
        transaction: &'a Transaction,
        bytes: &'a [u8],
        slot: &'a str,
        direction: Direction,
        verdict: &'a Verdict,
    ) -> Self {
        Self { transaction, bytes, is_partial: false, slot, direction, verdict, client: None, authentication: None }
    }
}

impl fmt::Debug for MailToHold<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailToHold")
            .field("transaction", &self.transaction)
            .field("bytes", &self.bytes.len())
            .field("slot", &self.slot)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}
