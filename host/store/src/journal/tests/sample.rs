//! Records for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use switchback_model::guard::Key;
use switchback_model::message::Reading;
use switchback_model::release::{Digest, ReleaseId};
use switchback_model::route::Generation;
use switchback_model::timing::Timing;
use switchback_model::verdict::{
    Action, Category, Cause, DecidedBy, Dropped, Opinion, RecordId, Role, Said, Scl, Thresholds,
};
use uuid::Uuid;

use crate::journal::retention::Told;
use crate::journal::{Journal, JournalConfig, JournalReader, Query, Record, RecordedMessage};

/// When the records of tests begin.
pub(super) fn start() -> Timestamp {
    "2025-04-25T09:24:00Z".parse().unwrap()
}

/// A release by the major number of its version.
pub(super) fn release(major: u64) -> ReleaseId {
    let version = semver::Version::new(major, 0, 0);
    ReleaseId::new("phish".parse().unwrap(), version, Digest::of(&major.to_le_bytes()))
}

/// The thresholds of the one slot of tests.
pub(super) fn thresholds() -> BTreeMap<String, Thresholds> {
    BTreeMap::from([("inbound".to_owned(), Thresholds::default())])
}

/// Any records, the same for the same seed. Their times rise by a millisecond.
pub(super) struct Sampler {
    rng: ChaCha8Rng,
    count: u64,
}

impl Sampler {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), count: 0 }
    }

    pub(super) fn record(&mut self) -> Record {
        let at = start() + Duration::from_millis(self.count);
        self.count += 1;
        let rng = &mut self.rng;
        let opinions: Vec<_> = (0..rng.random_range(0..4)).map(|major| opinion(rng, major)).collect();
        Record {
            id: id(at, rng.random()),
            at,
            process: rng.random(),
            slot: (*["inbound", "outbound"].choose(rng).unwrap()).into(),
            generation: Generation::new(rng.random()),
            reading: Reading::recorded(rng.random()),
            mail: mail(rng),
            action: *Action::ALL.choose(rng).unwrap(),
            scl: *[None, Some(Scl::ALLOWED), Some(Scl::CLEAN), Some(Scl::HIGHEST)].choose(rng).unwrap(),
            category: rng.random::<bool>().then(|| *Category::ALL.choose(rng).unwrap()),
            decided_by: decided_by(rng),
            timing: timing(rng),
            opinions,
        }
    }

    pub(super) fn records(&mut self, count: usize) -> Vec<Record> {
        (0..count).map(|_| self.record()).collect()
    }
}

fn timing(rng: &mut ChaCha8Rng) -> Timing {
    let mut timing = Timing::default();
    timing.parse = Duration::from_nanos(rng.random_range(0..1 << 40));
    timing.instantiate = Duration::from_nanos(rng.random_range(0..1 << 20));
    timing.total = Duration::from_nanos(rng.random_range(0..1 << 40));
    timing
}

/// A name as version 7 makes it, of a time of ours.
fn id(at: Timestamp, random: u128) -> RecordId {
    let millis = u128::try_from(at.as_millisecond()).unwrap();
    let uuid = uuid::Builder::from_u128(millis << 80 | random >> 48).with_version(uuid::Version::SortRand);
    RecordId::from(*Uuid::as_bytes(uuid.as_uuid()))
}

fn opinion(rng: &mut ChaCha8Rng, major: u64) -> Opinion {
    let score = *[0.0, f64::MIN_POSITIVE, 1.0, rng.random()].choose(rng).unwrap();
    let said = match rng.random_range(0..4) {
        0 => Said::Scored { score, action: *Action::ALL.choose(rng).unwrap() },
        1 => Said::Abstained,
        2 => Said::Failed(*Cause::ALL.choose(rng).unwrap()),
        _ => Said::Dropped(*Dropped::ALL.choose(rng).unwrap()),
    };
    let (role, took_us) = (*Role::ALL.choose(rng).unwrap(), rng.random::<u32>());
    Opinion::new(&release(major), role, said, Duration::from_micros(took_us.into()))
}

fn mail(rng: &mut ChaCha8Rng) -> RecordedMessage {
    let domain = rng.random_range(0..20);
    RecordedMessage {
        fingerprint: rng.random::<[u8; 16]>().into(),
        digest: rng.random::<[u8; 32]>().into(),
        context: rng.random::<[u8; 32]>().into(),
        message_id: rng.random::<bool>().then(|| format!("{:032x}", rng.random::<u128>()).into()),
        sender_domain: (domain > 0).then(|| format!("münchen-{domain}.example").into()),
        sender: (domain > 0).then(|| Key(rng.random())),
        is_authenticated: rng.random(),
        bytes: rng.random(),
    }
}

fn decided_by(rng: &mut ChaCha8Rng) -> DecidedBy {
    let rule = rng.random();
    let all = [
        DecidedBy::Live,
        DecidedBy::Canary,
        DecidedBy::Previous,
        DecidedBy::Abstained,
        DecidedBy::Unscanned,
        DecidedBy::Allowed { rule },
        DecidedBy::Blocked { rule },
    ];
    *all.choose(rng).unwrap()
}

/// A journal of these records.
pub(super) fn written(config: &JournalConfig, records: &[Record]) {
    let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
    records.iter().for_each(|record| journal.append(record.clone()));
}

/// Every record of a journal, of which every file can be read.
pub(super) fn all(config: &JournalConfig) -> Vec<Record> {
    let reader = JournalReader::open(&config.dir).unwrap();
    let latest = reader.last(&Query::default(), usize::MAX).unwrap();
    assert!(latest.unread.is_empty(), "{:?}", latest.unread);
    // Which shows a record twice that is there twice.
    let exported = reader.export(&Query::default(), std::io::sink()).unwrap();
    assert_eq!(exported.records, latest.records.len() as u64);
    latest.records
}

/// The names of the files of a journal that end in this.
pub(super) fn files(config: &JournalConfig, ending: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(&config.dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    files.sort();
    files
}

/// What a clock says that has gone on for so long.
pub(super) fn told(now: Timestamp, steady: Duration) -> Told {
    Told { now, steady }
}

/// Closes every segment of which the writer is gone.
pub(super) fn close_all(config: &JournalConfig) {
    let folder = crate::journal::folder::Folder::open(&config.dir).unwrap();
    crate::journal::keeper::sweep(&folder, config, told(start(), Duration::ZERO), &false.into());
    assert_eq!(files(config, ".arrows"), Vec::<std::path::PathBuf>::new());
}
