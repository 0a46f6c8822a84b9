//! Features are kept beside records, bit for bit, of the messages of the sample, and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use switchback_model::message::Message;

use super::sample::{Sampler, all, close_all, files, release, thresholds};
use crate::journal::folder::Folder;
use crate::journal::join::Joiner;
use crate::journal::scan::open_closed;
use crate::journal::{
    FeatureSample, FeaturedRecord, Journal, JournalConfig, JournalReader, Query, Record, RecordedFeatures,
};

/// A message of its own, with every field; some have nothing at all, which is not the same as no features (arrow2#983).
fn message(number: usize) -> Message {
    if number.is_multiple_of(50) {
        return Message::parse(b"");
    }
    let text = format!("The parcel {number} waits near bridge {} for you.\nhttp://h{number}.example/a\n", number % 7);
    let header = format!("From: Ada {number} <a@x{number}.example>\r\nSubject: parcel number {number}\r\n\r\n");
    Message::parse((header + &text).into_bytes())
}

/// Records of messages, as a filter makes them: with the features that the journal wants. Returns what it has kept.
fn filled(config: &JournalConfig, sampler: &mut Sampler, numbers: std::ops::Range<usize>) -> BTreeMap<usize, Record> {
    let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
    let mut kept = BTreeMap::new();
    for number in numbers {
        let message = message(number);
        let record = Record { mail: journal.mail(&message), ..sampler.record() };
        match journal.features(&message, &record.mail) {
            Some(features) => {
                kept.insert(number, record.clone());
                journal.append_with(record, features);
            }
            None => journal.append(record),
        }
    }
    kept
}

fn config(features: FeatureSample) -> (tempfile::TempDir, JournalConfig) {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path().join("journal")).features(features);
    (dir, config)
}

/// Reads all, and checks that these messages have the features that they have, and no other.
fn assert_kept(config: &JournalConfig, kept: &BTreeMap<usize, Record>, records: u64) {
    let reader = JournalReader::open(&config.dir).unwrap();
    let expected: BTreeMap<_, _> =
        kept.iter().map(|(number, record)| (record.id, (RecordedFeatures::of(&message(*number)), record))).collect();
    let work = |record: FeaturedRecord<'_>| {
        let (features, whole) = &expected[&record.id];
        assert_eq!((&record.features, record.at), (features, whole.at));
        assert_eq!((record.fingerprint, record.sender), (whole.mail.fingerprint, whole.mail.sender));
        let opinion = whole.opinion(&release(1).digest).map(|opinion| opinion.said);
        assert_eq!(record.opinion.map(|opinion| opinion.said), opinion);
        assert_eq!(record.thresholds.is_some(), &*whole.slot == "inbound");
        record.id
    };
    let mut seen = BTreeSet::new();
    let found = reader.for_each_featured(&release(1).digest, &Query::default(), work, |id| assert!(seen.insert(id)));
    let found = found.unwrap();
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    assert_eq!((found.records, found.featured, seen.len()), (records, kept.len() as u64, kept.len()));
    let times = kept.values().map(|record| record.at);
    assert_eq!(found.judged, times.clone().min().zip(times.max()));
    assert_eq!(all(config).len() as u64, records);
}

#[test]
fn features_are_kept_to_the_bit_while_they_are_written_closed_and_joined() {
    let (_dir, config) = config(FeatureSample::ALL);
    let mut sampler = Sampler::new(1);
    let mut kept = filled(&config, &mut sampler, 0..200);
    assert_eq!((kept.len(), files(&config, ".arrows").len()), (200, 1));
    assert_kept(&config, &kept, 200);
    close_all(&config);
    assert_kept(&config, &kept, 200);
    kept.extend(filled(&config, &mut sampler, 200..300));
    close_all(&config);
    assert_eq!(files(&config, ".parquet").len(), 2);
    join(&config);
    assert_eq!(files(&config, ".parquet").len(), 1);
    assert_kept(&config, &kept, 300);
}

/// Joins what can be joined, long after it was written.
fn join(config: &JournalConfig) {
    let folder = Folder::open(&config.dir).unwrap();
    let later = jiff::Timestamp::now() + Duration::from_secs(3 * 86_400);
    Joiner::default().join(&folder, config.segment_bytes_max, later, &false.into()).unwrap();
}

#[test]
fn a_journal_has_files_with_features_and_files_without() {
    let (_dir, config) = config(FeatureSample::OFF);
    let mut sampler = Sampler::new(2);
    let none = filled(&config, &mut sampler, 0..50);
    assert_kept(&config, &none, 50);
    let config = config.features(FeatureSample::ALL);
    let kept = filled(&config, &mut sampler, 50..100);
    assert_eq!((none.len(), kept.len()), (0, 50));
    assert_kept(&config, &kept, 100);
    close_all(&config);
    join(&config);
    assert_eq!(files(&config, ".parquet").len(), 2, "files of two kinds stay two");
    assert_kept(&config, &kept, 100);
}

#[test]
fn a_sample_is_of_campaigns_the_same_in_every_process() {
    let (_dir, config) = config("25 %".parse().unwrap());
    let mut sampler = Sampler::new(3);
    let once = filled(&config, &mut sampler, 0..400);
    let again = filled(&config, &mut sampler, 0..400);
    assert_eq!(once.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    assert!((70..130).contains(&once.len()), "{}", once.len());
    let (_dir, other) = self::config("25 %".parse().unwrap());
    let other = filled(&other, &mut sampler, 0..400);
    assert_ne!(once.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "it depends on the journal's key");
}

/// Arrow promises nothing of the values below a struct that is not there (delta-kernel-rs#691).
#[test]
fn what_is_not_in_the_sample_has_no_features_in_files_of_any_kind() {
    let (_dir, config) = config("25 %".parse().unwrap());
    let mut sampler = Sampler::new(5);
    let mut kept = filled(&config, &mut sampler, 1..50);
    assert_kept(&config, &kept, 49);
    close_all(&config);
    kept.extend(filled(&config, &mut sampler, 51..100));
    close_all(&config);
    assert!((8..45).contains(&kept.len()), "{}", kept.len());
    assert_kept(&config, &kept, 98);
    join(&config);
    assert_eq!(files(&config, ".parquet").len(), 1);
    assert_kept(&config, &kept, 98);
}

#[test]
fn a_dictionary_is_built_of_the_words_of_texts_alone() {
    let (_dir, config) = config(FeatureSample::ALL);
    filled(&config, &mut Sampler::new(4), 0..50);
    close_all(&config);
    let closed = open_closed(&files(&config, ".parquet")[0]).unwrap().unwrap();
    let columns = closed.metadata().row_group(0).columns();
    let of_lists: Vec<_> =
        columns.iter().filter(|column| column.column_path().string().ends_with("list.element")).collect();
    assert_eq!(of_lists.len(), 10);
    for column in of_lists {
        let name = column.column_path().string();
        assert_eq!(column.dictionary_page_offset().is_some(), name.contains("words_body"), "{name}");
        assert!(column.statistics().is_none(), "{name}");
    }
}
