//! Files that are cut off or damaged.

use std::fs;
use std::time::Duration;

use super::sample::{Sampler, all, close_all, files, written};
use crate::journal::{JournalConfig, JournalReader, Latest, Query, Record};

/// A journal with one stream of ten batches of 100 records.
fn stream() -> (tempfile::TempDir, JournalConfig, Vec<Record>) {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(100, Duration::from_secs(60));
    let records = Sampler::new(1).records(1_000);
    written(&config, &records);
    (dir, config, records)
}

fn last(config: &JournalConfig) -> Latest {
    JournalReader::open(&config.dir).unwrap().last(&Query::default(), usize::MAX).unwrap()
}

#[test]
fn a_stream_that_is_cut_off_anywhere_is_read_up_to_the_last_whole_batch_in_silence() {
    let (_dir, config, records) = stream();
    let path = files(&config, ".arrows").remove(0);
    let whole = fs::read(&path).unwrap();
    let mut counts = Vec::new();
    for cut in (0..whole.len()).step_by(whole.len() / 97).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..cut]).unwrap();
        let read = all(&config);
        assert_eq!(read, records[..read.len()], "cut at {cut}");
        counts.push(read.len());
    }
    assert!(counts.is_sorted() && counts.iter().all(|count| count % 100 == 0), "{counts:?}");
    assert_eq!((counts[0], counts.last()), (0, Some(&900)));
}

#[test]
fn zeros_that_a_loss_of_power_left_are_the_end() {
    let (_dir, config, records) = stream();
    let path = files(&config, ".arrows").remove(0);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 4_096]);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(all(&config), records);
}

#[test]
fn a_stream_that_is_damaged_in_its_midst_is_read_up_to_there_and_named() {
    let (_dir, config, records) = stream();
    let path = files(&config, ".arrows").remove(0);
    let whole = fs::read(&path).unwrap();
    // The beginning of a message in the midst; markers may stand in the data, too.
    let begins = |at: &usize| {
        let (marker, length) = (&whole[*at..at + 4], &whole[at + 4..at + 8]);
        marker == [0xFF; 4] && (1..100_000).contains(&u32::from_le_bytes(length.try_into().unwrap()))
    };
    let middle = (whole.len() / 2..whole.len() - 8).find(begins);
    let mut bytes = whole.clone();
    bytes[middle.unwrap()] = 0;
    fs::write(&path, &bytes).unwrap();
    let read = last(&config);
    assert!((400..=600).contains(&read.records.len()), "{}", read.records.len());
    assert_eq!(read.records, records[..read.records.len()]);
    let said = read.unread[0].to_string();
    assert!(said.contains(".arrows is damaged: ") && said.ends_with("; what comes before that was read"), "{said}");
    // Closing it keeps what can be read, and the damaged file.
    close_all(&config);
    assert_eq!(all(&config), read.records);
    assert_eq!(fs::read(files(&config, ".damaged-1").remove(0)).unwrap(), bytes);
}

#[test]
fn a_file_that_is_none_of_a_journal_is_named_and_the_others_are_read() {
    let (_dir, config, records) = stream();
    let path = files(&config, ".arrows").remove(0);
    let mail = b"From: a@x.example\n\nhello, this is no journal\n".repeat(10);
    for ending in ["parquet", "arrows"] {
        let other = path.with_file_name(format!("20200101T000000000000-1.{ending}"));
        fs::write(&other, &mail).unwrap();
        let read = last(&config);
        assert_eq!(read.records, records, "{ending}");
        assert_eq!(read.unread.len(), 1, "{ending}");
        assert!(read.unread[0].to_string().contains(other.to_str().unwrap()), "{ending}: {:?}", read.unread);
        fs::remove_file(other).unwrap();
    }
}

#[test]
fn a_closed_segment_that_is_damaged_anywhere_never_makes_up_records() {
    let (_dir, config, records) = stream();
    close_all(&config);
    let path = files(&config, ".parquet").remove(0);
    let whole = fs::read(&path).unwrap();
    for cut in (0..whole.len()).step_by(whole.len() / 31) {
        fs::write(&path, &whole[..cut]).unwrap();
        let read = last(&config);
        assert!(read.records.is_empty() && read.unread.len() == 1, "cut at {cut}: {:?}", read.unread);
    }
    let (mut lossy, mut unnoticed) = (0, 0);
    for at in (0..whole.len()).step_by(whole.len() / 211) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        let read = last(&config);
        assert!(read.records.len() <= records.len());
        lossy += usize::from(read.records.len() != records.len());
        unnoticed += usize::from(read.unread.is_empty() && read.records.len() != records.len());
    }
    println!("{lossy} changes of a byte cost records, {unnoticed} of them in silence");
    assert!(lossy > 10, "{lossy}");
    assert_eq!(unnoticed, 0, "records are missing and nothing was said");
}

#[test]
fn a_closed_segment_that_is_damaged_anywhere_is_read_or_named_and_ends_nothing() {
    let (_dir, config, _) = stream();
    close_all(&config);
    let path = files(&config, ".parquet").remove(0);
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len() - 8).step_by(whole.len() / 300) {
        let mut bytes = whole.clone();
        bytes[at..at + 8].fill(0xFF);
        fs::write(&path, &bytes).unwrap();
        let Latest { records, unread, .. } = last(&config);
        assert!(records.len() == 1_000 || !unread.is_empty(), "at {at}: {} records", records.len());
    }
}
