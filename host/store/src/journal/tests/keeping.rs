//! What is closed, by whom, and what is removed.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::sample::{Sampler, all, close_all, files, start, thresholds, told, written};
use crate::journal::folder::{Folder, lock_of};
use crate::journal::stream::RealDisk;
use crate::journal::{Journal, JournalConfig, JournalReader, Query, keeper};

const HOUR: Duration = Duration::from_secs(3_600);

/// A journal with one closed segment for each of these hours, with 100 records each.
fn hours(config: &JournalConfig, hours: u32) {
    let mut sampler = Sampler::new(1);
    for hour in 0..hours {
        let clock = Arc::new(move || start() + HOUR * hour);
        let journal = Journal::open_on(Box::new(RealDisk), clock, config.clone(), 7, &thresholds()).unwrap();
        sampler.records(100).into_iter().for_each(|record| journal.append(record));
    }
    close_all(config);
    assert_eq!(files(config, ".parquet").len(), hours as usize);
}

fn sweep(config: &JournalConfig, hour: u32) {
    sweep_after(config, hour, 0);
}

/// By a process whose clock has gone on for so many hours.
fn sweep_after(config: &JournalConfig, hour: u32, steady_h: u32) -> Option<Timestamp> {
    let folder = Folder::open(&config.dir).unwrap();
    keeper::sweep(&folder, config, told(start() + HOUR * hour, HOUR * steady_h), &AtomicBool::new(false))
}

#[test]
fn what_a_dead_process_left_is_closed_by_another_and_the_living_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let records = Sampler::new(2).records(300);
    written(&config, &records[..100]);
    let alive = Journal::open(config.clone(), 8, thresholds()).unwrap();
    records[100..200].iter().for_each(|record| alive.append(record.clone()));
    alive.flush();
    // A third process looks through the folder when it starts.
    written(&config, &records[200..]);
    assert_eq!(all(&config), records);
    // The living one looks through the folder as well, and may be closing what the first has left.
    let end = Instant::now() + Duration::from_secs(60);
    while files(&config, ".arrows").len() > 1 && Instant::now() < end {
        sweep(&config, 0);
    }
    let streams = files(&config, ".arrows");
    assert!(streams.len() == 1 && streams[0].to_string_lossy().ends_with("-8.arrows"), "{streams:?}");
    drop(alive);
    sweep(&config, 0);
    assert_eq!(files(&config, ".parquet").len(), 3);
    assert_eq!(all(&config), records);
}

#[test]
fn a_crash_while_a_segment_is_closed_neither_loses_nor_doubles_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let records = Sampler::new(3).records(300);
    written(&config, &records);
    let stream = files(&config, ".arrows").remove(0);
    let kept = fs::read(&stream).unwrap();
    // Before the Parquet file has its name.
    fs::write(stream.with_extension("tmp"), b"half of it").unwrap();
    assert_eq!(all(&config), records);
    close_all(&config);
    assert_eq!(all(&config), records);
    assert_eq!(files(&config, ".tmp").len(), 0);
    // After it has, and before the stream is gone.
    fs::write(&stream, kept).unwrap();
    assert_eq!(all(&config), records);
    close_all(&config);
    assert_eq!(all(&config), records);
}

#[test]
fn nobody_closes_a_segment_that_another_is_closing() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    written(&config, &Sampler::new(4).records(10));
    let stream = files(&config, ".arrows").remove(0);
    let closing = lock_of(&stream).unwrap();
    sweep(&config, 0);
    assert!(stream.exists());
    drop(closing);
    sweep(&config, 0);
    assert!(!stream.exists());
}

#[test]
fn a_segment_without_records_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let folder = Folder::create(dir.path()).unwrap();
    drop(folder.begin(7, start()).unwrap());
    close_all(&config);
    assert_eq!(files(&config, "").len(), 0);
}

#[test]
fn segments_go_when_their_last_record_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).keep(10 * HOUR, u64::MAX);
    hours(&config, 3);
    // The first one began at hour 0, and may have records up to hour 1.
    sweep(&config, 11);
    assert_eq!(all(&config).len(), 300);
    sweep(&config, 12);
    assert_eq!(all(&config).len(), 200);
    sweep(&config, 100);
    assert_eq!(all(&config).len(), 0);
}

#[test]
fn a_clock_that_is_far_ahead_deletes_nothing_until_a_day_has_passed_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).keep(100 * HOUR, u64::MAX);
    hours(&config, 3);
    let believed = start() + HOUR * (2 + 49);
    for steady_h in [0, 23] {
        assert_eq!(sweep_after(&config, 960, steady_h), Some(believed));
        assert_eq!(all(&config).len(), 300);
    }
    // A filter that was stopped for so long.
    assert_eq!(sweep_after(&config, 960, 24), None);
    assert_eq!(all(&config).len(), 0);
}

#[test]
fn a_process_whose_clock_is_ahead_deletes_nothing_while_another_writes_by_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).keep(100 * HOUR, u64::MAX);
    hours(&config, 3);
    let folder = Folder::open(dir.path()).unwrap();
    let (_, living) = folder.begin(8, start() + HOUR * 3).unwrap();
    assert_eq!(sweep_after(&config, 960, 500), Some(start() + HOUR * (3 + 1 + 49)));
    assert_eq!(all(&config).len(), 300);
    drop(living);
    assert_eq!(sweep_after(&config, 960, 500), None);
    assert_eq!(all(&config).len(), 0);
}

#[test]
fn the_oldest_segments_go_when_there_are_too_many_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).keep(1_000 * HOUR, u64::MAX);
    hours(&config, 4);
    let kept = all(&config)[200..].to_vec();
    let bytes: u64 = files(&config, ".parquet")[1..].iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    let config = config.keep(1_000 * HOUR, bytes - 1);
    sweep(&config, 4);
    assert_eq!(all(&config), kept);
    // Those that are being written stay, however many bytes they have.
    let journal = Journal::open(config.clone().keep(1_000 * HOUR, 0), 7, thresholds()).unwrap();
    journal.append(Sampler::new(5).record());
    journal.flush();
    sweep(&config.clone().keep(1_000 * HOUR, 0), 4);
    assert_eq!(all(&config).len(), 1);
}

#[test]
fn a_reader_sees_each_record_once_while_segments_are_closed_and_begun() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(20, Duration::from_secs(60)).segments(64 << 10, HOUR);
    let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
    let reader = JournalReader::open(&config.dir).unwrap();
    let mut sampler = Sampler::new(6);
    let mut appended = Vec::new();
    for _ in 0..100 {
        let records = sampler.records(60);
        records.iter().for_each(|record| journal.append(record.clone()));
        journal.flush();
        appended.extend(records);
        let mut out = Vec::new();
        let exported = reader.export(&Query::default(), &mut out).unwrap();
        assert!(exported.unread.is_empty(), "{:?}", exported.unread);
        assert_eq!(exported.records, appended.len() as u64);
    }
    assert!(files(&config, ".parquet").len() > 10, "segments were closed meanwhile");
    assert_eq!(all(&config), appended);
}

#[test]
fn a_journal_that_can_only_be_read_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let records = Sampler::new(7).records(50);
    written(&config, &records);
    fs::remove_file(dir.path().join("key")).unwrap();
    let _somebody_holds_it = File::open(dir.path()).unwrap();
    assert_eq!(all(&config), records);
    let nowhere = JournalReader::open(dir.path().join("nowhere")).map(drop).unwrap_err().to_string();
    assert!(nowhere.contains("there is no journal in"), "{nowhere}");
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(JournalReader::open(elsewhere.path()).is_ok(), "nothing is in it yet");
    File::create(elsewhere.path().join("1.eml")).unwrap();
    let elsewhere = JournalReader::open(elsewhere.path()).map(drop).unwrap_err().to_string();
    assert!(elsewhere.contains("there is no journal in"), "{elsewhere}");
}
