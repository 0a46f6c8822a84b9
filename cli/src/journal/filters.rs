//! Which records an operator asks for.

use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use switchback::{Action, DecidedBy, Fingerprint, JournalReader, Query, RecordId};

use super::JournalArgs;
use crate::moment::moment;

/// Which records.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Which records")]
pub(crate) struct FilterArgs {
    /// Judged at this time or later
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,

    /// Judged before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,

    /// In this slot
    #[arg(long, value_name = "SLOT")]
    slot: Option<String>,

    /// Seen by this release, whoever decided: `phish@2.0.0`, or the first digits of its digest
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,

    /// From this organisational domain
    #[arg(long, value_name = "DOMAIN")]
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
    pub(super) fn query(&self, journal: &JournalArgs, reader: &JournalReader) -> anyhow::Result<Query> {
        let release = self.release.as_deref().map(|name| journal.release(reader, name)).transpose()?;
        Ok(Query {
            since: self.since,
            until: self.until,
            slot: self.slot.clone(),
            release: release.map(|release| release.digest),
            sender_domain: self.domain.as_deref().map(str::to_lowercase),
            fingerprint: self.fingerprint,
            action: self.action,
            decided_by: self.decided_by.clone(),
            id: self.id,
            message_id: self.message_id.clone(),
        })
    }
}
