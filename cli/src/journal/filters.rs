//! Which records an operator asks for.

use clap::builder::PossibleValuesParser;
use switchback::journal::{JournalReader, Query};
use switchback::message::Fingerprint;
use switchback::verdict::{DecidedBy, RecordId};
use switchback::{Action, Message};

use super::place::JournalArgs;
use crate::exit::Usage;
use crate::window::{Window, WindowArgs};

/// Which records.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Which records")]
pub(crate) struct FilterArgs {
    #[command(flatten)]
    window: WindowArgs,

    /// In this slot [default: every slot]
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Seen by this release, whoever decided: `phish@2.0.0`, or the first digits of its digest
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,

    /// From this organisational domain
    #[arg(long, value_name = "DOMAIN", value_parser = organisational)]
    domain: Option<String>,

    /// With this action
    #[arg(long, value_name = "ACTION")]
    action: Option<Action>,

    /// Decided by this
    #[arg(long, value_name = "WHO", value_parser = PossibleValuesParser::new(DecidedBy::NAMES))]
    decided_by: Option<String>,

    /// Of this campaign
    #[arg(long, value_name = "FINGERPRINT")]
    fingerprint: Option<Fingerprint>,

    /// Of the message with this Message-ID
    #[arg(long, value_name = "MESSAGE-ID")]
    message_id: Option<String>,

    /// The record of this name
    #[arg(long, value_name = "ID")]
    id: Option<RecordId>,
}

impl FilterArgs {
    /// The window of time.
    pub(super) fn window(&self) -> Result<Window, Usage> {
        self.window.window()
    }

    pub(super) fn query(&self, journal: &JournalArgs, reader: &JournalReader) -> anyhow::Result<Query> {
        let Window { since, until } = self.window()?;
        let release = self.release.as_deref().map(|name| journal.release(reader, name)).transpose()?;
        Ok(Query::default()
            .since(since)
            .until(until)
            .slot(journal.slot(reader, self.slot.as_deref())?)
            .release(release.map(|release| release.digest))
            .sender_domain(self.domain.clone())
            .fingerprint(self.fingerprint)
            .action(self.action)
            .decided_by(self.decided_by.clone())
            .id(self.id)
            .message_id(self.message_id.clone()))
    }
}

/// A domain as the journal keeps that of a sender. Of one that it keeps no sender under, nothing could ever be found.
fn organisational(text: &str) -> Result<String, String> {
    let domain = text.trim().to_lowercase();
    let invalid = || format!("`{text}` is not a valid domain");
    if domain.contains(|c: char| c.is_whitespace() || c.is_control() || "@<>,;:\"()".contains(c)) {
        return Err(invalid());
    }
    let message = Message::parse(format!("From: <sender@{domain}>\r\n\r\n").into_bytes());
    let kept = message.sender_domain().ok_or_else(invalid)?;
    let labels = |domain: &str| domain.split('.').count();
    match labels(kept) == labels(&domain) {
        true => Ok(kept.to_owned()),
        false => Err(format!("records have the organisational domain of `{domain}`, which is `{kept}`: ask for that")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_one_that_a_record_can_have() {
        for (text, kept) in [
            ("shop.example", "shop.example"),
            (" Example.CO.UK ", "example.co.uk"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
            ("co.uk", "co.uk"),
        ] {
            assert_eq!(organisational(text).as_deref(), Ok(kept), "{text}");
        }
        for (text, why) in [
            ("mail.shop.example", "which is `shop.example`: ask for that"),
            ("ada@shop.example", "not a valid domain"),
            ("shop.example, other.example", "not a valid domain"),
            ("shop.example>\r\nFrom: <x@y.example", "not a valid domain"),
            ("shop..example", "not a valid domain"),
            ("", "not a valid domain"),
        ] {
            let said = organisational(text);
            assert!(said.as_ref().is_err_and(|said| said.contains(why)), "{text}: {said:?}");
        }
    }
}
