//! Records as batches of Arrow.

use std::time::Duration;

use super::sample::{Sampler, close_all, written};
use crate::journal::rows::{Releases, records};
use crate::journal::{JournalConfig, JournalError, JournalReader, Query};

/// A journal of which some is closed and some is not, and a reader of it.
fn journal() -> (tempfile::TempDir, JournalReader, Vec<crate::journal::Record>) {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(200, Duration::from_secs(60));
    let records = Sampler::new(3).records(900);
    written(&config, &records[..600]);
    close_all(&config);
    written(&config, &records[600..]);
    let reader = JournalReader::open(dir.path()).unwrap();
    (dir, reader, records)
}

#[test]
fn batches_have_every_record_whatever_files_they_are_in() {
    let (_dir, reader, mut expected) = journal();
    let mut batches = reader.batches(&Query::default(), None).unwrap();
    let schema = batches.schema();
    let (mut known, mut found) = (Releases::new(), Vec::new());
    for batch in batches.by_ref() {
        assert_eq!(batch.schema(), schema);
        found.extend(records(&batch, &mut known).unwrap());
    }
    assert!(batches.unread().is_empty(), "{:?}", batches.unread());
    found.sort_by_key(|record| record.id);
    expected.sort_by_key(|record| record.id);
    assert_eq!(found, expected);
}

#[test]
fn batches_have_the_columns_that_are_asked_for_in_their_order_and_the_records_that_are_meant() {
    let (_dir, reader, expected) = journal();
    let columns = ["bytes".to_owned(), "id".to_owned()];
    let query = Query::default().slot("outbound".to_owned());
    let batches: Vec<_> = reader.batches(&query, Some(&columns)).unwrap().collect();
    for batch in &batches {
        let names: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, columns);
    }
    let meant = expected.iter().filter(|record| &*record.slot == "outbound").count();
    assert!(meant > 0 && meant < expected.len());
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), meant);
    let unknown = reader.batches(&Query::default(), Some(&["colour".to_owned()]));
    assert!(matches!(unknown, Err(JournalError::NoColumn(name)) if name == "colour"));
    assert_eq!(reader.batches(&Query::default(), Some(&[])).unwrap().schema().fields().len(), 33);
}
