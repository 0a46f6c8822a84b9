//! A journal whose writer is killed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use switchback::journal::{Journal, JournalConfig, JournalReader, Query, Record, RecordedMessage, new_record_id};
use switchback::route::Generation;
use switchback::verdict::DecidedBy;
use switchback::{Action, Digest};

/// Where the process that is to be killed writes. Only it has this variable.
const DIR: &str = "SWITCHBACK_TEST_JOURNAL";

/// How often one is killed.
const KILLS: usize = 20;

const BATCH_RECORDS_MAX: usize = 64;
const FLUSH_INTERVAL: Duration = Duration::from_millis(20);

fn config(dir: &Path) -> JournalConfig {
    JournalConfig::new(dir).batches(BATCH_RECORDS_MAX, FLUSH_INTERVAL).segments(64 << 10, Duration::from_secs(3_600))
}

/// A record with a number.
pub(crate) fn record(number: u64) -> Record {
    let mut fingerprint = [0; 16];
    fingerprint[..8].copy_from_slice(&number.to_be_bytes());
    let digest = Digest::of(&number.to_be_bytes());
    let mut mail = RecordedMessage::new(fingerprint.into(), digest, Digest::of(b""), number);
    (mail.sender_domain, mail.is_authenticated) = (Some("x.example".into()), true);
    let (id, now) = (new_record_id(), Timestamp::now());
    let mut record = Record::new(id, now, "inbound".into(), mail, Action::Deliver, DecidedBy::Unscanned);
    (record.process, record.generation) = (1, Generation::new(1));
    record
}

/// The process that is killed: it appends as fast as it can, and says after each record which it was.
#[test]
fn a_process_appends_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let journal = Journal::open(config(Path::new(&dir)), 1, BTreeMap::new()).unwrap();
    let mut out = std::io::stdout().lock();
    for number in 0.. {
        journal.append(record(number));
        writeln!(out, "appended {number}").unwrap();
    }
}

/// Lets one run for a while and kills it. Returns how many records it had appended before, at least.
fn kill_after(dir: &Path, time: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journal::a_process_appends_until_it_is_killed", "--nocapture"])
        .env(DIR, dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut appended, mut end) = (0, None);
    for line in lines {
        if let Some(number) = line.unwrap().strip_prefix("appended ") {
            appended = number.parse::<u64>().unwrap() + 1;
        }
        if appended > 0 && Instant::now() > *end.get_or_insert_with(|| Instant::now() + time) {
            // SIGKILL. What it had said by then is read to the end.
            child.kill().unwrap();
            end = Some(Instant::now() + Duration::from_secs(3_600));
        }
    }
    assert!(!child.wait().unwrap().success());
    appended
}

/// The numbers of all records, in order.
fn numbers(dir: &Path) -> Vec<u64> {
    let latest = JournalReader::open(dir).unwrap().last(&Query::default(), usize::MAX).unwrap();
    assert!(latest.unread.is_empty(), "{:?}", latest.unread);
    let mut numbers: Vec<_> = latest.records.iter().map(|record| record.mail.bytes).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_kill_loses_two_batches_at_most_and_nothing_before_them() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut lost = Vec::new();
    for _ in 0..KILLS {
        let dir = tempfile::tempdir().unwrap();
        let appended = kill_after(dir.path(), Duration::from_micros(rng.random_range(0..150_000)));
        let left = numbers(dir.path());
        assert_eq!(left, (0..left.len() as u64).collect::<Vec<_>>(), "none is missing before the last one");
        let missing = appended.saturating_sub(left.len() as u64);
        assert!(missing <= 2 * BATCH_RECORDS_MAX as u64, "{missing} of {appended} are missing");
        lost.push(missing);
        // The next process closes what the killed one has left, and goes on.
        let journal = Journal::open(config(dir.path()), 2, BTreeMap::new()).unwrap();
        journal.append(record(left.len() as u64));
        journal.flush();
        assert_eq!(numbers(dir.path()).len(), left.len() + 1);
    }
    println!("records lost by {KILLS} kills, of at most {}: {lost:?}", 2 * BATCH_RECORDS_MAX);
    assert!(lost.iter().any(|missing| *missing > 0), "no kill came while something was waiting");
}
