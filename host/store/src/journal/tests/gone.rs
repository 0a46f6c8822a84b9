//! A folder that is deleted or replaced while it is written to.

use std::fs;
use std::time::{Duration, Instant};

use switchback_model::message::Message;

use super::sample::{Sampler, all, files, thresholds};
use crate::journal::{Journal, JournalConfig, JournalCounts, MessageIds, Record};

fn journal(config: &JournalConfig) -> Journal {
    Journal::open(config.clone(), 7, thresholds()).unwrap()
}

fn append(journal: &Journal, records: &[Record]) {
    records.iter().for_each(|record| journal.append(record.clone()));
    journal.flush();
}

#[test]
fn a_folder_that_is_deleted_is_made_again_with_its_key_and_the_loss_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path().join("journal"));
    let journal = journal(&config);
    let records = Sampler::new(1).records(30);
    append(&journal, &records[..10]);
    let key = fs::read(config.dir.join("key")).unwrap();
    fs::remove_dir_all(&config.dir).unwrap();
    append(&journal, &records[10..20]);
    append(&journal, &records[20..]);
    assert_eq!(all(&config), records[10..]);
    assert_eq!(journal.counts(), JournalCounts { written: 30, dropped: 0, failed: 0, gone: 10 });
    assert_eq!(fs::read(config.dir.join("key")).unwrap(), key);
}

#[test]
fn a_folder_that_is_replaced_is_written_to_with_the_key_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path().join("journal")).message_ids(MessageIds::Hashed);
    let other = JournalConfig::new(dir.path().join("other"));
    let records = Sampler::new(2).records(20);
    append(&journal(&other), &records[..5]);
    let journal = journal(&config);
    append(&journal, &records[5..10]);
    let message = Message::parse(*b"From: a@x.example\nMessage-ID: <1@x.example>\n\nhello\n");
    let before = journal.mail(&message).message_id;
    fs::rename(&config.dir, dir.path().join("away")).unwrap();
    fs::rename(&other.dir, &config.dir).unwrap();
    append(&journal, &records[10..]);
    let found = all(&config);
    assert!(found.len() == 15 && records[10..].iter().all(|record| found.contains(record)), "{}", found.len());
    assert_eq!(journal.counts().gone, 5);
    assert_ne!(journal.mail(&message).message_id, before);
    assert_eq!(self::journal(&config).mail(&message).message_id, journal.mail(&message).message_id);
}

#[test]
fn a_file_that_is_deleted_while_it_is_written_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let journal = journal(&config);
    let records = Sampler::new(3).records(20);
    append(&journal, &records[..10]);
    let stream = files(&config, ".arrows").remove(0);
    fs::remove_file(&stream).unwrap();
    // What somebody puts there is not ours to write to.
    fs::write(&stream, "").unwrap();
    append(&journal, &records[10..]);
    assert_eq!(all(&config), records[10..]);
    assert_eq!(journal.counts().gone, 10);
}

#[test]
fn what_cannot_be_made_again_costs_records_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("parent");
    let config = JournalConfig::new(parent.join("journal"));
    let journal = journal(&config);
    let records = Sampler::new(4).records(30);
    append(&journal, &records[..10]);
    fs::rename(&parent, dir.path().join("away")).unwrap();
    fs::write(&parent, "a file where a folder was").unwrap();
    append(&journal, &records[10..20]);
    assert_eq!(journal.counts(), JournalCounts { written: 10, dropped: 0, failed: 10, gone: 10 });
    fs::remove_file(&parent).unwrap();
    fs::create_dir(&parent).unwrap();
    append(&journal, &records[20..]);
    assert_eq!(journal.counts(), JournalCounts { written: 20, dropped: 0, failed: 10, gone: 10 });
    assert_eq!(all(&config), records[20..]);
}

#[test]
fn a_loss_is_noticed_while_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path().join("journal"));
    let journal = journal(&config);
    append(&journal, &Sampler::new(5).records(3));
    fs::remove_dir_all(&config.dir).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while journal.counts().gone == 0 || !config.dir.join("key").exists() {
        assert!(Instant::now() < until, "nobody noticed");
        std::thread::sleep(Duration::from_millis(10));
    }
}
