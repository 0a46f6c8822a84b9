//! `switchback journal`, `impact` and `explain`, on a journal of what two releases really say.

mod duckdb;
mod explain;
mod impact;
mod list;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use switchback::journal::{Journal, JournalConfig, Record, new_record_id};
use switchback::message::Reading;
use switchback::route::Generation;
use switchback::verdict::{DecidedBy, Opinion, Outcome, Role, Said};
use switchback::{Action, Message, ReleaseId, Runtime, Scl, Thresholds};
use switchback_mailgen::Generator;

use super::store::Store;
use crate::model::release;

/// Messages of the journal.
const MESSAGES: usize = 120;

/// The one that an earlier program has recorded.
const EARLIER: usize = 4;

/// A store in which 1.1.0 has judged generated mail, with a journal of it.
struct Judged {
    store: Store,
    mail: Vec<Vec<u8>>,
    records: Vec<Record>,
    /// What 1.0.0 says of each message, recorded or not.
    others: Vec<Action>,
}

/// Where what 1.0.0 says of a message is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Pair,
    Source,
    Nowhere,
}

/// In turn.
fn known(index: usize) -> Known {
    [Known::Pair, Known::Source, Known::Nowhere][index % 3]
}

impl Judged {
    fn new() -> Self {
        let store = Store::promoted(&["1.0.0", "1.1.0"]);
        let filter = store.filter("filter");
        let [before, after] = [0, 1].map(|index| filter.releases()[index].clone());
        assert_eq!((before.to_string(), after.to_string()), ("linear@1.0.0".into(), "linear@1.1.0".into()));
        let mail: Vec<_> = Generator::new(1).take(MESSAGES).map(|generated| generated.bytes).collect();
        let thresholds = BTreeMap::from([("inbound".to_owned(), Thresholds::default())]);
        let journal = Journal::open(JournalConfig::new(store.path().join("journal")), 1, thresholds).unwrap();
        let (mut records, mut others) = (Vec::new(), Vec::new());
        for (index, bytes) in mail.iter().enumerate() {
            let message = Message::parse(bytes.clone());
            let mine = opinion(&filter, &after, Role::Live, &message);
            let other = opinion(&filter, &before, Role::Standby, &message);
            others.push(other.action().unwrap());
            let decided_by = if index % 40 == 39 { DecidedBy::Allowed { rule: 1 } } else { DecidedBy::Live };
            let is_allowed = decided_by != DecidedBy::Live;
            let score = mine.score().unwrap();
            // The journal keeps microseconds.
            let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap();
            let action = if is_allowed { Action::Deliver } else { mine.action().unwrap() };
            let (id, mailed) = (new_record_id(), journal.mail(&message));
            let mut record = Record::new(id, now, "inbound".into(), mailed, action, decided_by);
            (record.process, record.generation) = (1, Generation::new(2));
            record.reading = if index == EARLIER { Reading::FIRST } else { Reading::CURRENT };
            record.scl = Some(if is_allowed { Scl::ALLOWED } else { Scl::of(score, switchback::Category::Spam) });
            record.opinions = if known(index) == Known::Pair { vec![mine, other] } else { vec![mine] };
            journal.append(record.clone());
            records.push(record);
        }
        drop(journal);
        Self { store, mail, records, others }
    }

    /// Whether the other release would have decided a message otherwise, which 1.1.0 has decided.
    fn is_impacted(&self, index: usize) -> bool {
        let record = &self.records[index];
        record.decided_by == DecidedBy::Live && record.action != self.others[index]
    }

    /// The names of the impacted messages that are known from here.
    fn impacted(&self, from: &[Known]) -> Vec<String> {
        let is_meant = |index: &usize| self.is_impacted(*index) && from.contains(&known(*index));
        (0..MESSAGES).filter(is_meant).map(|index| self.records[index].id.to_string()).collect()
    }

    /// Takes the file of a release out of the store.
    fn lose(&self, version: &str) {
        let digest = switchback::Digest::of(&fs::read(release(version)).unwrap());
        fs::remove_file(self.store.path().join(format!("releases/{digest}.wasm"))).unwrap();
    }

    /// A folder with the messages that are to be had from one.
    fn source(&self) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        for (index, bytes) in self.mail.iter().enumerate().filter(|(index, _)| known(*index) == Known::Source) {
            fs::write(dir.path().join(format!("{index:03}.eml")), bytes).unwrap();
        }
        let path = dir.path().to_owned();
        (dir, path)
    }
}

fn opinion(filter: &Runtime, release: &ReleaseId, role: Role, message: &Message) -> Opinion {
    let said = match filter.score_with(release, message).unwrap().outcome {
        Outcome::Scored(one) => Said::Scored { score: one.score, action: Thresholds::default().action(one.score) },
        Outcome::Abstained(_) => Said::Abstained,
    };
    Opinion::new(release, role, said, Duration::from_micros(40))
}
