//! What is appended is there, or counted.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::disks::{Full, Slow, Stuck};
use super::sample::{Sampler, all, close_all, files, start, thresholds, written};
use crate::journal::stream::Disk;
use crate::journal::{Journal, JournalConfig, JournalCounts, Overflow};

const SHORT: Duration = Duration::from_millis(5);

fn open(disk: impl Disk + 'static, config: &JournalConfig) -> Journal {
    let clock = Arc::new(Timestamp::now);
    Journal::open_on(Box::new(disk), clock, config.clone(), 7, &thresholds()).unwrap()
}

#[test]
fn any_record_reads_back_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(300, SHORT);
    let records = Sampler::new(1).records(5_000);
    written(&config, &records);
    assert_eq!(all(&config), records, "as a stream");
    close_all(&config);
    assert_eq!(files(&config, ".parquet").len(), 1);
    assert_eq!(all(&config), records, "as Parquet");
}

#[test]
fn a_flush_returns_when_what_was_appended_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(1_000, Duration::from_secs(60));
    let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
    let mut sampler = Sampler::new(2);
    for count in [1, 999, 2, 1_500] {
        let before = all(&config).len();
        sampler.records(count).into_iter().for_each(|record| journal.append(record));
        journal.flush();
        assert_eq!(all(&config).len(), before + count);
    }
    assert_eq!(journal.counts(), JournalCounts { written: 2_502, dropped: 0, failed: 0, gone: 0 });
}

#[test]
fn a_record_waits_for_others_no_longer_than_configured() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(4_096, SHORT);
    let journal = Journal::open(config, 7, thresholds()).unwrap();
    journal.append(Sampler::new(3).record());
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while journal.counts().written == 0 {
        assert!(std::time::Instant::now() < end, "a batch that is not full is not written");
        std::thread::sleep(SHORT);
    }
}

#[test]
fn whoever_blocks_loses_nothing_on_a_slow_disk() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(50, SHORT);
    let journal = open(Slow(Duration::from_millis(10)), &config);
    let records = Sampler::new(4).records(2_000);
    std::thread::scope(|scope| {
        for part in records.chunks(500) {
            scope.spawn(|| part.iter().for_each(|record| journal.append(record.clone())));
        }
    });
    journal.flush();
    assert_eq!(journal.counts(), JournalCounts { written: 2_000, dropped: 0, failed: 0, gone: 0 });
    assert_eq!(all(&config), records);
}

#[test]
fn whoever_drops_never_waits_and_counts_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(50, SHORT).overflow(Overflow::Drop);
    let (go, stuck) = crossbeam_channel::unbounded();
    let journal = open(Stuck(stuck), &config);
    // Nothing is written, so this would wait for ever if it waited at all.
    Sampler::new(5).records(2_000).into_iter().for_each(|record| journal.append(record));
    let dropped = journal.counts().dropped;
    assert!((1_900..2_000).contains(&dropped), "one batch waits, and one is being written: {dropped}");
    drop(go);
    journal.flush();
    assert_eq!(journal.counts(), JournalCounts { written: 2_000 - dropped, dropped, failed: 0, gone: 0 });
    assert_eq!(all(&config).len() as u64, 2_000 - dropped);
}

#[test]
fn a_full_disk_costs_records_that_are_counted_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(100, Duration::from_secs(60));
    let is_full = Arc::new(AtomicBool::new(false));
    let journal = open(Full(Arc::clone(&is_full)), &config);
    let records = Sampler::new(6).records(1_000);
    // Full from the very first batch on; in the midst; and at the end.
    for (index, part) in records.chunks(100).enumerate() {
        is_full.store([0, 1, 4, 9].contains(&index), Ordering::SeqCst);
        part.iter().for_each(|record| journal.append(record.clone()));
        journal.flush();
    }
    assert_eq!(journal.counts(), JournalCounts { written: 600, dropped: 0, failed: 400, gone: 0 });
    let kept: Vec<_> = records.chunks(100).enumerate().filter(|(index, _)| ![0, 1, 4, 9].contains(index)).collect();
    assert_eq!(all(&config), kept.into_iter().flat_map(|(_, part)| part.to_vec()).collect::<Vec<_>>());
}

/// A file system that is mounted for a test.
struct Mounted(tempfile::TempDir);

impl Mounted {
    /// A file system of a megabyte in memory; none if this user may not mount.
    fn small() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path());
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        if !is_mounted {
            eprintln!("SKIPPED: a disk that is really full needs the right to mount one; run the tests as root");
        }
        is_mounted.then(|| Self(dir))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.0.path()).status().unwrap();
    }
}

#[test]
fn a_disk_that_is_really_full_is_written_again_when_there_is_room() {
    let Some(disk) = Mounted::small() else { return };
    let config = JournalConfig::new(disk.0.path().join("journal")).batches(100, Duration::from_secs(60));
    let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 900 << 10]).unwrap();
    let records = Sampler::new(7).records(2_000);
    records.iter().for_each(|record| journal.append(record.clone()));
    journal.flush();
    let counts = journal.counts();
    assert!(counts.failed > 0 && counts.written + counts.failed == 2_000, "{counts:?}");
    std::fs::remove_file(ballast).unwrap();
    let later = Sampler::new(8).records(100);
    later.iter().for_each(|record| journal.append(record.clone()));
    journal.flush();
    assert_eq!(journal.counts(), JournalCounts { written: counts.written + 100, ..counts });
    let kept = all(&config);
    assert_eq!(kept.len() as u64, counts.written + 100);
    assert!(later.iter().all(|record| kept.contains(record)));
}

#[test]
fn nobody_else_can_read_a_journal() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path().join("deep/journal")).batches(10, SHORT);
    written(&config, &Sampler::new(9).records(10));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&config.dir), 0o700);
    for file in files(&config, "") {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    close_all(&config);
    assert_eq!(mode(&files(&config, ".parquet")[0]), 0o600);
    std::fs::set_permissions(&config.dir, std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Journal::open(config, 7, thresholds()).map(drop).unwrap_err().to_string();
    assert!(refused.contains("can be written to by other users"), "{refused}");
}

#[test]
fn segments_are_closed_by_size_and_by_age() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(100, Duration::from_secs(60));
    let config = config.segments(64 << 10, Duration::from_secs(3_600));
    let seconds = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let told = Arc::clone(&seconds);
    let clock = Arc::new(move || start() + Duration::from_secs(told.load(Ordering::SeqCst)));
    let disk = Box::new(crate::journal::stream::RealDisk);
    let journal = Journal::open_on(disk, clock, config.clone(), 7, &thresholds()).unwrap();
    let mut sampler = Sampler::new(10);
    let mut write = |count| {
        sampler.records(count).into_iter().for_each(|record| journal.append(record));
        journal.flush();
    };
    // A segment that is being closed has two files for a moment.
    let segments = || {
        let files = [files(&config, ".arrows"), files(&config, ".parquet")].concat();
        files.iter().map(|file| file.with_extension("")).collect::<std::collections::BTreeSet<_>>().len()
    };
    // A hundred records have more than 32 KiB, and less than 64 KiB.
    write(100);
    assert_eq!(segments(), 1);
    write(100);
    write(100);
    assert_eq!(segments(), 2, "a full segment takes no more");
    seconds.store(3_601, Ordering::SeqCst);
    write(1);
    write(1);
    assert_eq!(segments(), 3, "an old segment takes no more");
    assert_eq!(all(&config).len(), 302);
}
