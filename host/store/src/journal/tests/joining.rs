//! Small segments that become larger ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use switchback_model::verdict::Thresholds;

use super::sample::{Sampler, all, close_all, files, start, thresholds, told};
use crate::journal::folder::{Folder, Segment};
use crate::journal::join::Joiner;
use crate::journal::stream::RealDisk;
use crate::journal::{Journal, JournalConfig, JournalReader, Query, Record, keeper};

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

/// A journal with one closed segment for each of these times after the start, with ten records each, of that time.
fn segments(config: &JournalConfig, times: &[Duration]) -> Vec<Record> {
    let mut sampler = Sampler::new(1);
    let mut records = Vec::new();
    for time in times {
        records.extend(sampler.records(10).into_iter().map(|record| Record { at: record.at + *time, ..record }));
    }
    // The latest first: a journal joins what it finds there by its own clock, to which no hour of these is over.
    for (index, time) in times.iter().copied().enumerate().rev() {
        let clock = Arc::new(move || start() + time);
        let process = index as u64 % 3;
        let journal = Journal::open_on(Box::new(RealDisk), clock, config.clone(), process, &thresholds()).unwrap();
        records[index * 10..][..10].iter().for_each(|record| journal.append(record.clone()));
    }
    close_all(config);
    assert_eq!(files(config, ".parquet").len(), times.len());
    records
}

fn join(config: &JournalConfig, after: Duration) {
    let folder = Folder::open(&config.dir).unwrap();
    folder.make_locks().unwrap();
    let is_ending = AtomicBool::new(false);
    Joiner::default().join(&folder, config.segment_bytes_max, start() + after, &is_ending).unwrap();
}

fn names(config: &JournalConfig) -> Vec<PathBuf> {
    [".parquet", ".joins", ".joining"].into_iter().flat_map(|ending| files(config, ending)).collect()
}

#[test]
fn what_was_begun_in_an_hour_becomes_one_when_it_is_over_and_a_day_when_that_is() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    // The start is at 09:24.
    let records = segments(&config, &[Duration::ZERO, 5 * MINUTE, 10 * MINUTE, 2 * HOUR, 2 * HOUR + MINUTE]);
    join(&config, 30 * MINUTE);
    assert_eq!(names(&config).len(), 5, "the hour is not over");
    join(&config, HOUR);
    assert_eq!(names(&config).len(), 3);
    assert_eq!(all(&config), records);
    join(&config, 24 * HOUR);
    assert_eq!(names(&config).len(), 1);
    assert_eq!(all(&config), records);
    let releases = JournalReader::open(&config.dir).unwrap().releases().unwrap();
    assert!(!releases.is_empty(), "the end of the file names them");
}

#[test]
fn a_segment_that_is_written_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let mut records = segments(&config, &[Duration::ZERO, MINUTE]);
    let clock = Arc::new(|| start() + 2 * MINUTE);
    let journal = Journal::open_on(Box::new(RealDisk), clock, config.clone(), 9, &thresholds()).unwrap();
    let mut late = Sampler::new(2).record();
    late.at += 2 * MINUTE;
    journal.append(late.clone());
    journal.flush();
    join(&config, HOUR);
    assert_eq!(names(&config).len(), 2);
    drop(journal);
    close_all(&config);
    join(&config, HOUR);
    assert_eq!(names(&config).len(), 1);
    records.push(late);
    assert_eq!(all(&config), records);
}

/// A folder's files of a kind, with what is in them.
fn kept(config: &JournalConfig) -> Vec<(PathBuf, Vec<u8>)> {
    files(config, ".parquet").into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn a_crash_at_any_point_neither_loses_nor_doubles_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let records = segments(&config, &[Duration::ZERO, MINUTE, 2 * MINUTE]);
    let parts = kept(&config);
    join(&config, HOUR);
    let whole = kept(&config).remove(0);
    let note = whole.0.with_extension("joins");
    let names: String = parts.iter().map(|(path, _)| format!("{}\n", path.file_name().unwrap().display())).collect();
    let restore = |with: &[(PathBuf, Vec<u8>)]| {
        files(&config, ".parquet").iter().for_each(|path| fs::remove_file(path).unwrap());
        with.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    };
    // Half of it is written.
    restore(&parts);
    fs::write(whole.0.with_extension("joining"), b"half of it").unwrap();
    assert_eq!(all(&config), records);
    join(&config, HOUR);
    assert_eq!((all(&config), self::names(&config).len()), (records.clone(), 1));
    // It is written and noted, and has not its name.
    restore(&parts);
    fs::write(whole.0.with_extension("joining"), &whole.1).unwrap();
    fs::write(&note, &names).unwrap();
    assert_eq!(all(&config), records);
    join(&config, HOUR);
    assert_eq!((all(&config), self::names(&config).len()), (records.clone(), 1));
    // It has its name; none, one, and all of the parts are gone.
    for gone in 0..=parts.len() {
        restore(&parts[gone..]);
        fs::write(&whole.0, &whole.1).unwrap();
        fs::write(&note, &names).unwrap();
        assert_eq!(all(&config), records, "{gone} are gone");
        join(&config, HOUR);
        assert_eq!((all(&config), self::names(&config).len()), (records.clone(), 1), "{gone} are gone");
    }
}

#[test]
fn nothing_is_joined_while_somebody_reads() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let records = segments(&config, &[Duration::ZERO, MINUTE, 2 * MINUTE]);
    let before = names(&config);
    let seen = AtomicU64::new(0);
    let reader = JournalReader::open(&config.dir).unwrap();
    let unread = reader.for_each_sighting(&Query::default(), |_| {
        join(&config, HOUR);
        seen.fetch_add(1, Ordering::Relaxed);
    });
    assert!(unread.unwrap().is_empty());
    assert_eq!((seen.into_inner(), names(&config)), (records.len() as u64, before));
    join(&config, HOUR);
    assert_eq!(names(&config).len(), 1);
}

#[test]
fn readers_and_two_who_join_see_each_record_once() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let times: Vec<_> = (0..48).map(|index| 10 * MINUTE * index).collect();
    let records = segments(&config, &times);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for hour in 1..=40 {
                    join(&config, HOUR * hour);
                }
                is_over.store(true, Ordering::SeqCst);
            });
        }
        loop {
            let is_last = is_over.load(Ordering::SeqCst);
            assert_eq!(all(&config), records);
            if is_last {
                break;
            }
        }
    });
    // Who was at it while the other had its turn, or somebody read, has left it for later.
    join(&config, 40 * HOUR);
    join(&config, 40 * HOUR);
    assert_eq!(all(&config), records);
    assert_eq!(names(&config).len(), 1);
}

#[test]
fn segments_of_other_thresholds_and_damaged_ones_stay_apart() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let mut records = segments(&config, &[Duration::ZERO, MINUTE]);
    let mut strict = thresholds();
    strict.insert("outbound".to_owned(), Thresholds::default());
    let mut sampler = Sampler::new(9);
    for time in [2 * MINUTE, 3 * MINUTE] {
        let clock = Arc::new(move || start() + time);
        let journal = Journal::open_on(Box::new(RealDisk), clock, config.clone(), 7, &strict).unwrap();
        let mut record = sampler.record();
        record.at += time;
        journal.append(record.clone());
        records.push(record);
    }
    close_all(&config);
    let damaged = config.dir.join("20250425T093000000000-1.parquet");
    fs::write(&damaged, "no Parquet").unwrap();
    join(&config, HOUR);
    assert_eq!(names(&config).len(), 3);
    let latest = JournalReader::open(&config.dir).unwrap().last(&Query::default(), usize::MAX).unwrap();
    assert_eq!((latest.records, latest.unread.len()), (records, 1));
    assert_eq!(fs::read(damaged).unwrap(), b"no Parquet");
}

#[test]
fn none_becomes_larger_than_a_segment_may_be() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let times: Vec<_> = (0..6).map(|index| MINUTE * index).collect();
    let records = segments(&config, &times);
    let bytes: u64 = files(&config, ".parquet").iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    let folder = Folder::open(&config.dir).unwrap();
    let mut joiner = Joiner::default();
    joiner.join(&folder, bytes / 3 + 100, start() + HOUR, &AtomicBool::new(false)).unwrap();
    assert!((2..6).contains(&names(&config).len()), "{:?}", names(&config));
    assert_eq!(all(&config), records);
}

#[test]
fn a_joined_segment_stays_until_its_last_record_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    segments(&config, &[Duration::ZERO, 12 * HOUR]);
    let config = config.keep(10 * HOUR, u64::MAX);
    let sweep = |hour| {
        let folder = Folder::open(&config.dir).unwrap();
        keeper::sweep(&folder, &config, told(start() + HOUR * hour, HOUR), &AtomicBool::new(false));
        all(&config).len()
    };
    // The day ends before hour 15.
    join(&config, 15 * HOUR);
    assert_eq!(names(&config).len(), 1);
    assert_eq!([sweep(15), sweep(22), sweep(23)], [20, 20, 0]);
}

/// A file that is none of a journal, with the name of a segment of that time.
fn unreadable(dir: &Path, segment: &Segment) -> PathBuf {
    let path = Folder::open(dir).unwrap().parquet(segment);
    fs::write(&path, "no Parquet").unwrap();
    path
}

#[test]
fn what_is_too_old_by_its_name_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let records = segments(&config, &[240 * HOUR]);
    let folder = Folder::open(&config.dir).unwrap();
    let (old, _held) = folder.begin(7, start()).unwrap();
    fs::remove_file(folder.stream(&old)).unwrap();
    unreadable(&config.dir, &old);
    let reader = JournalReader::open(&config.dir).unwrap();
    let since = |hour| Query { since: Some(start() + HOUR * hour), ..Query::default() };
    let recent = reader.last(&since(239), 100).unwrap();
    assert_eq!((recent.records, recent.unread.len()), (records.clone(), 0));
    // Nothing in it can be among the latest.
    let latest = reader.last(&Query::default(), 5).unwrap();
    assert_eq!((latest.records, latest.unread.len()), (records[5..].to_vec(), 0));
    // Here it could be.
    assert_eq!(reader.last(&since(48), 100).unwrap().unread.len(), 1);
    assert_eq!(reader.last(&Query::default(), 11).unwrap().unread.len(), 1);
}
