//! The past, scored.

use jiff::Timestamp;
use switchback::compare::{Comparison, ComparisonSettings, MessageName, Pair, Side};
use switchback::guard::{GuardSettings, Key, Sighting};
use switchback::journal::{Featured, FeaturedRecord, JournalReader, Query};
use switchback::message::Fingerprint;
use switchback::verdict::RecordId;

use super::asked::{Answered, Asked};
use crate::guard::mail::Mail;
use crate::journal;
use crate::progress::Busy;
use crate::window::Window;

/// The past, scored.
pub(super) struct Tried {
    pub(super) comparison: Comparison,
    pub(super) mail: Mail,
    pub(super) found: Featured,
    /// Messages that the baseline answered then, that it answered now, and that it did not.
    pub(super) answered: [u64; 3],
}

/// What became of one record.
struct Pairing {
    id: RecordId,
    at: Timestamp,
    fingerprint: Fingerprint,
    domain: Option<String>,
    sender: Option<Key>,
    is_authenticated: bool,
    answered: Answered,
    /// What both make of it; none without the baseline.
    sides: Option<[Side; 2]>,
}

impl Tried {
    /// Scores every record of a slot that has features.
    pub(super) fn of(
        asked: &Asked,
        reader: &JournalReader,
        (slot, window): (&str, Window),
        settings: ComparisonSettings,
        guard: &GuardSettings,
    ) -> anyhow::Result<Self> {
        let query = Query::default().since(window.since).until(window.until).slot(slot.to_owned());
        let (mut comparison, mut mail, mut answered) = (Comparison::new(settings), Mail::new(guard), [0; 3]);
        let _busy = Busy::with("scoring the past".to_owned());
        // Whom the mail before it was from counts, too, and mail without features.
        let now = Timestamp::now();
        let unread = reader.for_each_sighting(&query.clone().since(None), |sighting| mail.teach(sighting, now))?;
        let found = reader.for_each_featured(
            &asked.ids[0].digest,
            &query,
            |record| Pairing::of(asked, record),
            |pairing| {
                answered[pairing.answered as usize] += 1;
                pairing.add_to(&mut comparison, &mut mail);
            },
        )?;
        journal::say_unread(if found.unread.is_empty() { &unread } else { &found.unread });
        mail.sort();
        Ok(Self { comparison, mail, found, answered })
    }
}

impl Pairing {
    fn of(asked: &Asked, record: FeaturedRecord<'_>) -> Self {
        let thresholds = record.thresholds.unwrap_or_default();
        let message = record.features.into_message();
        let (before, answered) = asked.baseline(record.opinion, &message, &thresholds);
        Self {
            id: record.id,
            at: record.at,
            fingerprint: record.fingerprint,
            domain: record.sender_domain.map(str::to_owned),
            sender: record.sender,
            is_authenticated: record.is_authenticated,
            answered,
            sides: before.map(|before| [before, asked.candidate(&message, &thresholds)]),
        }
    }

    fn add_to(self, comparison: &mut Comparison, mail: &mut Mail) {
        let Some([before, after]) = self.sides else { return };
        let domain = self.domain.as_deref();
        let pair = Pair::new(before, after).sender_domain(domain).is_authenticated(self.is_authenticated);
        // No subject: the journal keeps no content.
        comparison.add(&pair, || MessageName::new(self.id.to_string()));
        match before.said.action().zip(after.said.action()) {
            Some(actions) => {
                let sighting = Sighting::new(self.at, self.fingerprint).sender_domain(domain).sender(self.sender);
                mail.add(Some(self.id), &sighting.is_authenticated(self.is_authenticated), actions.into());
            }
            None => mail.unusable += 1,
        }
    }
}
