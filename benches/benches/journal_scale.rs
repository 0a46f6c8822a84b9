//! How fast is a journal of millions of records written, and how fast does it answer?
//!
//! Records of two releases, of which the second has decided and the first has scored the same messages; of some, one
//! was not asked. Reading runs in a process of its own, so that its memory is its own.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use switchback::guard::Key;
use switchback::journal::{
    ImpactQuery, Journal, JournalConfig, JournalError, JournalReader, NoSource, Query, Record, RecordedMessage,
    new_record_id,
};
use switchback::route::Generation;
use switchback::verdict::{DecidedBy, Dropped, Opinion, Role, Said};
use switchback::{Category, Digest, ReleaseId, Scl, Thresholds};

const RECORDS: u64 = 10_000_000;
const DOMAINS: u64 = 100_000;

/// Of so many messages, one is decided otherwise.
const FLIP_OF: u64 = 200;

/// Of so many messages, the other release has not scored one.
const DROPPED_OF: u64 = 50;

fn main() {
    // Cargo says that this is a bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments[..] {
        [what, dir] if what == "pairs" => report(what, || pairs(Path::new(dir))),
        [what, dir] if what == "impact" => report(what, || impact(Path::new(dir))),
        [what, dir] if what == "domain" => report(what, || domain(Path::new(dir))),
        _ => scale(number(&arguments, "--records", RECORDS), number(&arguments, "--domains", DOMAINS)),
    }
}

fn number(arguments: &[String], name: &str, default: u64) -> u64 {
    let value = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    value.map_or(default, |value| value.parse().expect("a number"))
}

fn scale(records: u64, domains: u64) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(dir.path(), records, domains);
    for what in ["pairs", "impact", "domain"] {
        let me = std::env::current_exe().expect("a path");
        assert!(Command::new(me).arg(what).arg(dir.path()).status().expect("this program runs").success());
    }
}

/// Writes the journal, and waits until all of it is closed.
fn write(dir: &Path, records: u64, domains: u64) {
    let domains: Vec<Arc<str>> = (0..domains).map(|number| format!("sender-{number}.example").into()).collect();
    let thresholds = BTreeMap::from([("inbound".to_owned(), Thresholds::default())]);
    let config = JournalConfig::new(dir).keep(Duration::from_secs(1 << 30), u64::MAX);
    let journal = Journal::open(config.clone(), 1, thresholds.clone()).expect("a journal");
    let start = Instant::now();
    let maker = Maker::new(&domains);
    (0..records).for_each(|number| journal.append(maker.record(number)));
    journal.flush();
    let written = start.elapsed();
    assert_eq!(journal.counts().written, records, "nothing is lost");
    drop(journal);
    let closing = Journal::open(config, 2, thresholds).expect("a journal");
    while files(dir, "arrows").0 > 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(closing);
    let closed = start.elapsed();
    let rate = records as f64 / written.as_secs_f64();
    let (segments, bytes) = files(dir, "parquet");
    println!("written   {records} records in {:.1} s: {rate:.0} records/s, none lost", written.as_secs_f64());
    println!("closed    {segments} segments after {:.1} s", closed.as_secs_f64());
    println!("size      {:.0} bytes per record, {bytes} in all", bytes as f64 / records as f64);
}

/// How many files of this kind there are, and their bytes.
fn files(dir: &Path, ending: &str) -> (usize, u64) {
    let paths = fs::read_dir(dir).expect("the folder").filter_map(|entry| Some(entry.ok()?.path()));
    let sizes: Vec<u64> = paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .filter_map(|path| Some(path.metadata().ok()?.len()))
        .collect();
    (sizes.len(), sizes.iter().sum())
}

/// Runs a question, and says how long it took and how much memory.
fn report(what: &str, ask: impl FnOnce() -> String) {
    let start = Instant::now();
    let answer = ask();
    let took = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("?", str::trim);
    println!("{what:<8}  {took:.2} s, peak {peak}: {answer}");
}

fn pairs(dir: &Path) -> String {
    let mut domains: HashMap<String, [u64; 2]> = HashMap::new();
    let (mut all, mut flips) = (0_u64, 0_u64);
    let unread = JournalReader::open(dir).expect("a journal").for_each_pair(
        &release(1).digest,
        &release(2).digest,
        &Query::default(),
        |pair| {
            all += 1;
            let is_flip = matches!((pair.before.action(), pair.after.action()), (Some(a), Some(b)) if a != b);
            flips += u64::from(is_flip);
            let domain = pair.sender_domain.unwrap_or_default();
            match domains.get_mut(domain) {
                Some(counts) => counts[usize::from(is_flip)] += 1,
                None => _ = domains.insert(domain.to_owned(), [1, u64::from(is_flip)]),
            }
        },
    );
    assert!(unread.expect("a folder").is_empty());
    format!("{all} pairs of {} domains, {flips} differ", domains.len())
}

fn impact(dir: &Path) -> String {
    let (release, against) = (release(2).digest, release(1).digest);
    let query = ImpactQuery::new(release, against);
    let mut listed = 0_u64;
    let impact = JournalReader::open(dir).expect("a journal").impact(&query, &NoSource, |_| {
        listed += 1;
        Ok::<_, JournalError>(())
    });
    let impact = impact.expect("a folder");
    let all = impact.all;
    format!("{listed} of {} impacted, {} unknown, {} domains", all.decided, all.unknown, impact.domains.len())
}

/// The latest records of one domain.
fn domain(dir: &Path) -> String {
    let query = Query::default().sender_domain("sender-77.example".to_owned());
    let latest = JournalReader::open(dir).expect("a journal").last(&query, 20).expect("a folder");
    format!("the newest {} records of a domain", latest.records.len())
}

fn release(major: u64) -> ReleaseId {
    let version = semver::Version::new(major, 0, 0);
    ReleaseId::new("phish".parse().expect("a name"), version, Digest::of(&major.to_le_bytes()))
}

/// Makes records, cheaply.
struct Maker<'a> {
    domains: &'a [Arc<str>],
    slot: Arc<str>,
    releases: [ReleaseId; 2],
}

impl<'a> Maker<'a> {
    fn new(domains: &'a [Arc<str>]) -> Self {
        Self { domains, slot: "inbound".into(), releases: [release(2), release(1)] }
    }

    fn record(&self, number: u64) -> Record {
        let random: [u64; 4] = std::array::from_fn(|index| mixed(number * 4 + index as u64));
        let score = random[0] as f64 / u64::MAX as f64;
        let other = if random[1].is_multiple_of(FLIP_OF) { 1.0 - score } else { score };
        let action = Thresholds::default().action(score);
        let said = |score| Said::Scored { score, action: Thresholds::default().action(score) };
        let is_dropped = random[2].is_multiple_of(DROPPED_OF);
        let beside = if is_dropped { Said::Dropped(Dropped::Budget) } else { said(other) };
        let (slot, mail) = (Arc::clone(&self.slot), self.mail(random));
        let mut record = Record::new(new_record_id(), Timestamp::now(), slot, mail, action, DecidedBy::Live);
        (record.process, record.generation) = (1, Generation::new(2));
        (record.scl, record.category) = (Some(Scl::of(score, Category::Spam)), Some(Category::Spam));
        record.timing.parse = Duration::from_nanos(random[0] % 20_000);
        record.timing.instantiate = Duration::from_nanos(random[1] % 9_000);
        record.timing.guest = Duration::from_nanos(random[2] % 90_000);
        record.timing.total = Duration::from_nanos(random[3] % 200_000);
        record.opinions = vec![
            Opinion::new(&self.releases[0], Role::Live, said(score), Duration::from_micros(50)),
            Opinion::new(&self.releases[1], Role::Standby, beside, Duration::from_micros(60)),
        ];
        record
    }

    fn mail(&self, random: [u64; 4]) -> RecordedMessage {
        let mut digest = [0; 32];
        for (bytes, random) in digest.chunks_exact_mut(8).zip(random) {
            bytes.copy_from_slice(&random.to_le_bytes());
        }
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&digest[..16]);
        let (context, bytes) = (Digest::from([7; 32]), 2_000 + random[0] % 60_000);
        let mut mail = RecordedMessage::new(fingerprint.into(), digest.into(), context, bytes);
        mail.message_id = Some(format!("{:016x}{:016x}", random[2], random[3]).into());
        mail.sender_domain = Some(Arc::clone(&self.domains[random[3] as usize % self.domains.len()]));
        mail.sender = Some(Key(random[2]));
        mail.is_authenticated = !random[1].is_multiple_of(8);
        mail
    }
}

/// Numbers that look random (splitmix64).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
