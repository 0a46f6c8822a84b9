//! Messages that are held, and folders for them.

use std::path::Path;

use switchback::route::Generation;
use switchback::verdict::{Answer, Cause, RecordId};
use switchback::{Action, Envelope, Message, Verdict};
use switchback_gateway::config::HeldConfig;
use switchback_gateway::held::{HoldError, MailToHold, Spool};
use switchback_gateway::{Direction, Transaction};

/// A message with all that a way by SMTP could change: dots, 8-bit text, a line of 5,000 bytes, blanks at ends, no text.
const MESSAGE: &[u8] =
    b"From: Ada <ada@x.example>\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x.example>\r\n\r\n\
.\r\n..\r\n.a\r\n\r\ncaf\xe9 \xff\x00 \r\n\t \r\n.\r\nQUIT\r\n\r\n";

pub(super) fn message() -> Vec<u8> {
    [MESSAGE, &b"x".repeat(5_000), b"\r\n. the end\r\n"].concat()
}

pub(super) fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

pub(super) fn config(dir: &Path) -> HeldConfig {
    let mut config = HeldConfig::default();
    config.dir = Some(dir.to_owned());
    config.free_min = bytesize::ByteSize::b(0);
    config
}

pub(super) fn open(dir: &Path) -> Result<Spool, HoldError> {
    Spool::open(&config(dir))
}

pub(super) fn transaction(sender: &str, recipients: &[&str]) -> Transaction {
    let mut transaction = Transaction::new();
    let envelope = Envelope::new().mail_from(sender);
    transaction.envelope = recipients.iter().fold(envelope, |envelope, to| envelope.recipient(to));
    transaction.mail_parameters = vec!["BODY=8BITMIME".to_owned(), "SIZE=5000".to_owned()];
    transaction.queue_id = Some("4Zx1".to_owned());
    transaction
}

pub(super) fn hold(spool: &Spool, transaction: &Transaction, bytes: &[u8]) -> Result<RecordId, HoldError> {
    let verdict = verdict();
    spool.hold(&to_hold(transaction, bytes, &verdict))
}

pub(super) fn to_hold<'a>(transaction: &'a Transaction, bytes: &'a [u8], verdict: &'a Verdict) -> MailToHold<'a> {
    MailToHold::new(transaction, bytes, "inbound", Direction::Inbound, verdict)
}

pub(super) fn verdict() -> Verdict {
    let cause = (Cause::Trap, "it failed".to_owned());
    let mut verdict =
        Verdict::unscanned(&Message::parse(""), Generation::new(7), None, Answer::Act(Action::Quarantine), cause);
    verdict.score = Some(0.973);
    verdict
}
