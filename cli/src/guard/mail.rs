//! Mail that the guard is shown afterwards: from a journal, or a corpus.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use switchback::compare::Providers;
use switchback::guard::{Flip, GuardSettings, Key, KnownSenders, Past, Sender, Sighting, flip};
use switchback::message::{Fingerprint, Recipients};
use switchback::verdict::RecordId;
use switchback::{Action, Message};

use crate::exit::Usage;
use crate::store::StoreArgs;

/// Where the mail comes from.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct MailArgs {
    /// Take the records of a journal [default: `journal` in the store's folder]
    #[arg(
        long, value_name = "DIR", num_args = 0..=1, require_equals = true,
        conflicts_with_all = ["inputs", "trust_authserv_id", "format", "no_sidecars", "threads"]
    )]
    journal: Option<Option<PathBuf>>,

    /// Files, mbox files, Maildirs, folders, or `-` for standard input
    #[arg(value_name = "CORPUS", required_unless_present = "journal")]
    pub(super) inputs: Vec<PathBuf>,
}

impl MailArgs {
    /// Whether the mail is a journal's.
    pub(super) fn is_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// The folder of the journal, if one was named.
    pub(super) fn journal(&self, store: &StoreArgs) -> Result<Option<PathBuf>, Usage> {
        match &self.journal {
            None => Ok(None),
            Some(Some(dir)) => Ok(Some(dir.clone())),
            Some(None) => Ok(Some(crate::journal::of_store(&store.dir()?))),
        }
    }
}

/// What the guard is told of one message that two releases answered: some 80 bytes.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// Its record; none of a message of a corpus.
    pub(super) record: Option<RecordId>,
    pub(super) at: Timestamp,
    fingerprint: Fingerprint,
    domain: Option<Arc<str>>,
    sender: Option<Key>,
    recipient: Option<Key>,
    is_authenticated: bool,
    /// What the baseline made of it, and what the candidate.
    pub(super) actions: [Action; 2],
}

impl Pair {
    /// What the guard saw of it, with the recipient that it noted.
    pub(super) fn sighting_to(&self, recipient: Option<Key>) -> Sighting<'_> {
        self.sighting().recipient(recipient)
    }

    /// What the guard sees of it.
    pub(super) fn sighting(&self) -> Sighting<'_> {
        Sighting::new(self.at, self.fingerprint)
            .sender_domain(self.domain.as_deref())
            .sender(self.sender)
            .is_authenticated(self.is_authenticated)
            .recipient(self.recipient)
    }

    /// One of nobody in particular.
    #[cfg(test)]
    pub(super) fn for_test(at: Timestamp, actions: [Action; 2]) -> Self {
        let fingerprint = [0; 16].into();
        let record = None;
        Self { record, at, fingerprint, domain: None, sender: None, recipient: None, is_authenticated: false, actions }
    }

    /// Whether the candidate flips it so.
    pub(super) fn is(&self, way: Flip) -> bool {
        flip(self.actions[0], self.actions[1]) == Some(way)
    }
}

/// A day of the UTC calendar, in days since 1970, and who was seen on it, authenticated.
pub(super) type Known = (i32, Key);

/// By which message somebody was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    at: Timestamp,
    fingerprint: Fingerprint,
    domain: Arc<str>,
    sender: Option<Key>,
}

impl Seen {
    /// What the guard sees of it.
    pub(super) fn sighting(&self) -> Sighting<'_> {
        Sighting::new(self.at, self.fingerprint)
            .sender_domain(Some(&self.domain))
            .sender(self.sender)
            .is_authenticated(true)
    }
}

/// Remembers nobody.
struct Nobody;

impl KnownSenders for Nobody {
    type Error = Infallible;

    fn past(&mut self, _sender: Key, _day: i32) -> Result<Past, Infallible> {
        Ok(Past::default())
    }

    fn senders_seen(&mut self, _days: u32, _most: u32) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn learn(&mut self, _sender: Key, _day: i32) -> Result<bool, Infallible> {
        Ok(true)
    }
}

/// Mail that there is.
pub(crate) struct Mail {
    settings: GuardSettings,
    providers: Providers,
    /// What both releases answered.
    pub(crate) pairs: Vec<Pair>,
    /// Who was seen when, from the first day to the last.
    pub(super) known: BTreeMap<Known, Seen>,
    pub(super) messages: u64,
    pub(super) authenticated: u64,
    /// What could not be read, or was not answered by both.
    pub(crate) unusable: u64,
    domains: HashSet<Arc<str>>,
    /// When the last message of a corpus came.
    last: Timestamp,
}

impl Mail {
    /// No mail yet. Whose addresses count one by one is up to the settings.
    pub(crate) fn new(settings: &GuardSettings) -> Self {
        Self {
            settings: settings.clone(),
            providers: settings.all_providers(),
            pairs: Vec::new(),
            known: BTreeMap::new(),
            messages: 0,
            authenticated: 0,
            unusable: 0,
            domains: HashSet::new(),
            last: Timestamp::UNIX_EPOCH,
        }
    }

    /// Takes note of who wrote a message. What is dated into the future was not seen on any day.
    pub(crate) fn teach(&mut self, sighting: &Sighting<'_>, now: Timestamp) {
        self.messages += 1;
        if sighting.at > now {
            return;
        }
        let Ok(sender) = Sender::of(&mut Nobody, sighting, &self.settings, &self.providers, None);
        let (Some(unit), Some(domain)) = (sender.unit, sighting.sender_domain) else { return };
        self.authenticated += 1;
        let (at, fingerprint, sender, domain) =
            (sighting.at, sighting.fingerprint, sighting.sender, self.shared(domain));
        self.known.entry((day(at), unit)).or_insert(Seen { at, fingerprint, domain, sender });
    }

    /// Adds a message that both releases answered.
    pub(crate) fn add(&mut self, record: Option<RecordId>, sighting: &Sighting<'_>, actions: [Action; 2]) {
        let Sighting { at, fingerprint, sender_domain, sender, is_authenticated, recipient, .. } = *sighting;
        let domain = sender_domain.map(|domain| self.shared(domain));
        self.pairs.push(Pair { record, at, fingerprint, domain, sender, recipient, is_authenticated, actions });
    }

    /// What the guard sees of a message of a corpus. One that does not say when it came is taken to have come with the
    /// one before.
    pub(super) fn sighting<'a>(&mut self, message: &'a Message) -> Sighting<'a> {
        self.last = came_at(message).unwrap_or(self.last);
        Sighting::of(message, self.last)
    }

    /// In the order in which it came.
    pub(crate) fn sort(&mut self) {
        // Stable: what came in the same second stays as it was read.
        self.pairs.sort_by_key(|pair| pair.at);
    }

    fn shared(&mut self, domain: &str) -> Arc<str> {
        if let Some(known) = self.domains.get(domain) {
            return Arc::clone(known);
        }
        let domain: Arc<str> = domain.into();
        self.domains.insert(Arc::clone(&domain));
        domain
    }
}

/// The day of the UTC calendar, in days since 1970.
pub(super) fn day(at: Timestamp) -> i32 {
    // As long as jiff has years for it, a day fits.
    at.as_second().div_euclid(DAY_S) as i32
}

/// The first second of a day.
pub(super) fn begin(day: i32) -> Timestamp {
    Timestamp::from_second(i64::from(day) * DAY_S).unwrap_or(Timestamp::MAX)
}

const DAY_S: i64 = 24 * 3_600;

/// When a message came: what the server says that received it last, else what the sender says.
fn came_at(message: &Message) -> Option<Timestamp> {
    let received = message.header("Received", Recipients::Granted).into_iter().next();
    let received = received.as_deref().and_then(|field| Some(field.rsplit_once(';')?.1.trim().to_owned()));
    let received = received.and_then(|date| DateTimeParser::new().parse_timestamp(date.as_bytes()).ok());
    received.or_else(|| Timestamp::from_second(message.date()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(header: &str) -> Option<String> {
        came_at(&Message::parse(format!("{header}\r\n\r\nx").into_bytes())).map(|at| at.to_string())
    }

    #[test]
    fn the_server_is_believed_before_the_sender() {
        let date = "Date: Thu, 1 Jan 1998 00:00:00 +0000";
        let received = "Received: from a by b;\r\n\tThu, 24 Apr 2025 08:00:00 +0200 (CEST)";
        assert_eq!(
            came(&format!("{received}\r\nReceived: from c by a; x\r\n{date}")).as_deref(),
            Some("2025-04-24T06:00:00Z")
        );
        assert_eq!(came(date).as_deref(), Some("1998-01-01T00:00:00Z"));
        assert_eq!(came(&format!("Received: from a by b\r\n{date}")).as_deref(), Some("1998-01-01T00:00:00Z"));
        assert_eq!(came("Subject: x"), None);
    }
}
