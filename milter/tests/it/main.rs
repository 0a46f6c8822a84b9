//! The milter as mail servers meet it: one that follows the protocol to the letter, real Postfix, and what is no mail server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod delivery;
mod dkim;
#[expect(dead_code, reason = "tests of the command put mail into mailboxes, and move it by IMAP")]
#[path = "../../../cli/tests/it/dovecot.rs"]
mod dovecot;
mod framing;
mod harsh;
mod incident;
mod life;
mod model;
mod postfix;
mod protocol;
mod site;
