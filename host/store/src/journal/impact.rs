//! Which messages a release has decided otherwise than another one would have.

mod part;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use switchback_model::release::Digest;
use switchback_model::verdict::{Action, RecordId};

use self::part::{Known, Part};
use super::error::JournalError;
use super::pairs::paths;
use super::query::Query;
use super::reader::JournalReader;
use super::record::RecordedMessage;
use super::rows::text;
use super::scan::{Order, Pieces};

/// Domains that are counted apart, at most; those of whoever comes later are counted together. A hundred thousand
/// take some 15 MB.
const DOMAINS_MAX: usize = 250_000;

/// What is read of a record beside what releases said.
const COLUMNS: [&str; 12] = [
    "id",
    "judged_at",
    "slot",
    "fingerprint",
    "message",
    "context",
    "message_id",
    "sender_domain",
    "sender",
    "is_authenticated",
    "bytes",
    "action",
];

/// Which impact is asked for.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImpactQuery {
    /// The release that decided.
    pub release: Digest,
    /// The one that would have decided instead.
    pub against: Digest,
    /// Only what was judged at this time or later.
    pub since: Option<Timestamp>,
    /// Only what was judged before this time.
    pub until: Option<Timestamp>,
    /// Only in this slot.
    pub slot: Option<String>,
}

impl ImpactQuery {
    /// What `release` decided, and `against` would have decided otherwise: at any time, in every slot.
    pub fn new(release: Digest, against: Digest) -> Self {
        Self { release, against, since: None, until: None, slot: None }
    }

    switchback_model::setters! {
        /// Asks only for what was judged at this time or later.
        pub since: impl Into<Option<Timestamp>>;

        /// Asks only for what was judged before this time.
        pub until: impl Into<Option<Timestamp>>;

        /// Asks only for what was judged in this slot.
        pub slot: impl Into<Option<String>>;
    }
}

/// What scores a message again that the other release has not seen.
pub trait Rescore: Sync {
    /// What the other release makes of the message of a record; none if the message is not to be had, or the release
    /// failed on it.
    fn rescore(&self, mail: &RecordedMessage) -> Option<Rescored>;
}

/// What scoring a message again came to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rescored {
    /// The score; none if the release abstained.
    pub score: Option<f64>,
    /// Whether it was the very message.
    pub likeness: Likeness,
}

impl Rescored {
    /// The score, none if the release abstained, and whether it was the very message.
    pub const fn new(score: Option<f64>, likeness: Likeness) -> Self {
        Self { score, likeness }
    }
}

/// How sure it is that what was scored again is what had been judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
// Exhaustive: it is the very message or not.
pub enum Likeness {
    /// The same bytes, and the same context.
    Same,
    /// The same Message-ID and campaign, or the same bytes without what the filter told beside them: delivery adds
    /// header fields, and a model may look at them.
    Alike,
}

/// Nothing is scored again.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSource;

impl Rescore for NoSource {
    fn rescore(&self, _: &RecordedMessage) -> Option<Rescored> {
        None
    }
}

/// A message that the other release would have decided otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Impacted {
    /// The name of the record.
    pub id: RecordId,
    /// When the message was judged.
    pub at: Timestamp,
    /// In which slot.
    pub slot: Arc<str>,
    /// Which message it is.
    #[serde(flatten)]
    pub mail: RecordedMessage,
    /// What was done with it.
    pub action: Action,
    /// What would have been done with it.
    pub would: Action,
    /// The score that decided; none if the release abstained.
    pub score: Option<f64>,
    /// The score that would have decided; none if the other release abstained.
    pub other_score: Option<f64>,
    /// In which direction they differ.
    pub direction: ImpactDirection,
    /// How that is known.
    pub known_by: KnownBy,
}

/// In which direction a decision differs from the one that another release would have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
// Exhaustive: an action is harsher or milder, across the flag boundary or not.
pub enum ImpactDirection {
    /// It was flagged, and would not have been.
    HeldBack,
    /// It was not flagged, and would have been.
    LetThrough,
    /// On the same side of the flag boundary, and harsher than it would have been.
    Harsher,
    /// On the same side of the flag boundary, and milder than it would have been.
    Milder,
}

impl ImpactDirection {
    /// The direction; none where both do the same.
    pub fn of(action: Action, would: Action) -> Option<Self> {
        match (action.is_flagged(), would.is_flagged()) {
            _ if action == would => None,
            (true, false) => Some(Self::HeldBack),
            (false, true) => Some(Self::LetThrough),
            _ if action > would => Some(Self::Harsher),
            _ => Some(Self::Milder),
        }
    }

    /// Its name, as in every table and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HeldBack => "held-back",
            Self::LetThrough => "let-through",
            Self::Harsher => "harsher",
            Self::Milder => "milder",
        }
    }
}

/// How it is known what another release would have made of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KnownBy {
    /// It has scored the message, too.
    Pair,
    /// The very message was scored again.
    Rescored,
    /// A message was scored again that is the same but for what delivery adds, or what the filter told.
    RescoredAlike,
}

impl KnownBy {
    /// Its name, as in every table and record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Rescored => "rescored",
            Self::RescoredAlike => "rescored-alike",
        }
    }
}

/// How many messages a release has decided, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ImpactCounts {
    /// Decided by it.
    pub decided: u64,
    /// Of these: flagged, and the other would not have.
    pub held_back: u64,
    /// Not flagged, and the other would have.
    pub let_through: u64,
    /// On the same side, and harsher.
    pub harsher: u64,
    /// On the same side, and milder.
    pub milder: u64,
    /// Nobody knows what the other would have done: it has not scored them, or failed on them, and no source had them.
    pub unknown: u64,
    /// Of those that are unknown: the other failed on them.
    pub other_failed: u64,
    /// Of those that are known: because both have scored them.
    pub by_pair: u64,
    /// Because the very message was scored again.
    pub by_rescoring: u64,
    /// Because a message was scored again that is alike.
    pub by_rescoring_alike: u64,
}

impl ImpactCounts {
    /// Decided otherwise than the other would have.
    pub fn impacted(&self) -> u64 {
        self.held_back + self.let_through + self.harsher + self.milder
    }

    /// Adds what others have counted.
    pub fn add(&mut self, others: &Self) {
        self.decided += others.decided;
        self.held_back += others.held_back;
        self.let_through += others.let_through;
        self.harsher += others.harsher;
        self.milder += others.milder;
        self.unknown += others.unknown;
        self.other_failed += others.other_failed;
        self.by_pair += others.by_pair;
        self.by_rescoring += others.by_rescoring;
        self.by_rescoring_alike += others.by_rescoring_alike;
    }

    fn count(&mut self, known: Known, direction: Option<ImpactDirection>) {
        self.decided += 1;
        *match known {
            Known::No { .. } => &mut self.unknown,
            Known::By(KnownBy::Pair) => &mut self.by_pair,
            Known::By(KnownBy::Rescored) => &mut self.by_rescoring,
            Known::By(KnownBy::RescoredAlike) => &mut self.by_rescoring_alike,
        } += 1;
        self.other_failed += u64::from(known == Known::No { other_failed: true });
        match direction {
            None => {}
            Some(ImpactDirection::HeldBack) => self.held_back += 1,
            Some(ImpactDirection::LetThrough) => self.let_through += 1,
            Some(ImpactDirection::Harsher) => self.harsher += 1,
            Some(ImpactDirection::Milder) => self.milder += 1,
        }
    }
}

/// The impact of a release, in numbers.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Impact {
    /// Over all messages that it has decided.
    pub all: ImpactCounts,
    /// By the sender's organisational domain.
    pub domains: HashMap<Arc<str>, ImpactCounts>,
    /// Messages without a usable sender.
    pub no_domain: ImpactCounts,
    /// Domains that came after the first 250,000, together.
    pub other_domains: ImpactCounts,
    /// Messages that it has seen first and an operator's rule has decided.
    pub overruled: u64,
    /// Messages that it was to decide and failed on, so that another release has decided in its place: its predecessor, or
    /// the live release where it is a canary.
    pub replaced: u64,
    /// Messages that it was to decide and failed on, so that the slot's failure policy has decided.
    pub unscanned: u64,
    /// What could not be read.
    pub unread: Vec<JournalError>,
}

impl JournalReader {
    /// Finds the messages whose action a release has decided, as live release, canary or in place of one that had
    /// failed, and that another one would have decided otherwise; calls `found` for each, in the order of the
    /// segments. Where an override or the failure policy has decided, or another release in its place, the release has not.
    ///
    /// What the other would have done is known where it has scored the message as well. Where it has not, `source` is
    /// asked, with the thresholds that held in the slot when the message was judged.
    ///
    /// Files are read by several threads, `found` is called on the caller's. Needs memory for the counts of 250,000
    /// domains at most, and per thread for one row group of 65,536 records, some 40 MB if all of them are impacted.
    ///
    /// # Errors
    /// If the folder cannot be listed, and the first error of `found`.
    pub fn impact<E: From<JournalError>>(
        &self,
        query: &ImpactQuery,
        source: &dyn Rescore,
        mut found: impl FnMut(&Impacted) -> Result<(), E>,
    ) -> Result<Impact, E> {
        let records = Query { since: query.since, until: query.until, slot: query.slot.clone(), ..Query::default() };
        let filter = self.filter(&records).asked(query.release);
        let mut columns = paths(&COLUMNS);
        columns.push("decided_by".to_owned());
        let mut impact = Impact::default();
        let unread = Pieces::find(&self.folder, &filter, Order::OldestFirst)?.in_order(
            |piece| Part::of(piece, &columns, &filter, [query.release, query.against], source),
            |part| {
                part.impacted.iter().try_for_each(&mut found)?;
                impact.add(part);
                Ok::<_, E>(())
            },
        )?;
        impact.unread = unread;
        Ok(impact)
    }
}

impl Impact {
    /// Messages that it was to decide and failed on.
    pub fn failed(&self) -> u64 {
        self.replaced + self.unscanned
    }

    fn add(&mut self, part: Part) {
        self.overruled += part.overruled;
        self.replaced += part.replaced;
        self.unscanned += part.unscanned;
        for (domains, outcomes) in part.outcomes {
            for (row, known, direction) in outcomes {
                self.all.count(known, direction);
                self.of_domain(text(&domains, row)).count(known, direction);
            }
        }
    }

    fn of_domain(&mut self, domain: Option<&str>) -> &mut ImpactCounts {
        let Some(domain) = domain else { return &mut self.no_domain };
        if !self.domains.contains_key(domain) {
            if self.domains.len() >= DOMAINS_MAX {
                return &mut self.other_domains;
            }
            self.domains.insert(domain.into(), ImpactCounts::default());
        }
        self.domains.get_mut(domain).unwrap_or(&mut self.other_domains)
    }
}
