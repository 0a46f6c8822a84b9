//! Queries, pairs and exports, against looking at every record.

use std::fs;
use std::time::Duration;

use arrow_array::RecordBatch;
use switchback_model::message::{Envelope, Message, Reading};
use switchback_model::verdict::{Action, DecidedBy};

use super::sample::{Sampler, all, close_all, files, release, start, thresholds, written};
use crate::journal::columns::Columns;
use crate::journal::rows::{Releases, records};
use crate::journal::schema;
use crate::journal::{
    FeatureSample, Journal, JournalConfig, JournalReader, MessageIds, Query, Record, RecordedOpinion,
};

/// A journal of which some is closed and some is not, by two processes.
fn journal() -> (tempfile::TempDir, JournalConfig, Vec<Record>) {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path()).batches(400, Duration::from_secs(60));
    let records = Sampler::new(1).records(3_000);
    written(&config, &records[..1_000]);
    written(&config, &records[1_000..2_000]);
    close_all(&config);
    let journal = Journal::open(config.clone(), 8, thresholds()).unwrap();
    records[2_000..].iter().for_each(|record| journal.append(record.clone()));
    (dir, config, records)
}

/// Every kind of query, with what it means.
type Case = (&'static str, Query, Box<dyn Fn(&Record) -> bool>);

fn cases(sample: &Record) -> Vec<Case> {
    let some = Query::default;
    let (since, until) = (start() + Duration::from_millis(700), start() + Duration::from_nanos(2_300_000_001));
    let (id, digest, wanted) = (sample.id, release(1).digest, sample.clone());
    let (fingerprint, message_id) = (sample.mail.fingerprint, sample.mail.message_id.clone());
    vec![
        ("all", some(), Box::new(|_| true)),
        ("since", Query { since: Some(since), ..some() }, Box::new(move |record| record.at >= since)),
        ("until", Query { until: Some(until), ..some() }, Box::new(move |record| record.at < until)),
        ("slot", Query { slot: Some("outbound".into()), ..some() }, Box::new(|record| &*record.slot == "outbound")),
        (
            "release",
            Query { release: Some(digest), ..some() },
            Box::new(move |record| record.opinions.iter().any(|one| one.release.digest == digest)),
        ),
        (
            "domain",
            Query { sender_domain: Some("münchen-3.example".into()), ..some() },
            Box::new(|record| record.mail.sender_domain.as_deref() == Some("münchen-3.example")),
        ),
        (
            "fingerprint",
            Query { fingerprint: Some(fingerprint), ..some() },
            Box::new(move |record| record.mail.fingerprint == fingerprint),
        ),
        ("action", Query { action: Some(Action::Junk), ..some() }, Box::new(|record| record.action == Action::Junk)),
        (
            "decided by",
            Query { decided_by: Some("blocked".into()), ..some() },
            Box::new(|record| matches!(record.decided_by, DecidedBy::Blocked { .. })),
        ),
        ("id", Query { id: Some(id), ..some() }, Box::new(move |record| record.id == id)),
        (
            "message id",
            Query { message_id: message_id.as_deref().map(str::to_owned), ..some() },
            Box::new(move |record| record.mail.message_id == message_id),
        ),
        (
            "everything at once",
            Query {
                since: Some(wanted.at),
                until: Some(wanted.at + Duration::from_micros(1)),
                slot: Some(wanted.slot.as_ref().to_owned()),
                action: Some(wanted.action),
                ..some()
            },
            Box::new(move |record| record.id == wanted.id),
        ),
    ]
}

#[test]
fn a_query_finds_what_it_says_in_closed_and_open_segments() {
    let (_dir, config, records) = journal();
    let reader = JournalReader::open(&config.dir).unwrap();
    for sample in [500, 1_500, 2_500].map(|at| records[at..].iter().find(|r| r.mail.message_id.is_some()).unwrap()) {
        for (name, query, is_meant) in cases(sample) {
            let meant: Vec<_> = records.iter().filter(|record| is_meant(record)).cloned().collect();
            assert!(!meant.is_empty(), "{name}");
            assert_eq!(reader.last(&query, usize::MAX).unwrap().records, meant, "{name}");
            let newest = meant[meant.len().saturating_sub(7)..].to_vec();
            assert_eq!(reader.last(&query, 7).unwrap().records, newest, "{name}");
            assert!(reader.last(&query, 0).unwrap().records.is_empty());
        }
    }
}

#[test]
fn pairs_are_the_records_that_both_releases_were_to_score() {
    let (_dir, config, records) = journal();
    let reader = JournalReader::open(&config.dir).unwrap();
    let of = |record: &Record, major| {
        let opinion = record.opinion(&release(major).digest)?;
        Some(RecordedOpinion { role: opinion.role, said: opinion.said, took_us: opinion.took_us })
    };
    for (before, after) in [(0, 1), (2, 0), (1, 1)] {
        let query = Query { since: Some(start() + Duration::from_millis(100)), ..Query::default() };
        let mut found = Vec::new();
        let unread = reader.for_each_pair(&release(before).digest, &release(after).digest, &query, |pair| {
            let domain = pair.sender_domain.map(str::to_owned);
            let sender = (domain, pair.sender, pair.is_authenticated);
            found.push((pair.id, pair.at, pair.fingerprint, sender, pair.before, pair.after));
        });
        assert!(unread.unwrap().is_empty());
        let meant = records[100..].iter().filter_map(|record| {
            let domain = record.mail.sender_domain.as_deref().map(str::to_owned);
            let (before, after) = (of(record, before)?, of(record, after)?);
            let sender = (domain, record.mail.sender, record.mail.is_authenticated);
            Some((record.id, record.at, record.mail.fingerprint, sender, before, after))
        });
        assert_eq!(found, meant.collect::<Vec<_>>());
    }
}

#[test]
fn an_export_is_a_journal_of_what_was_asked_for() {
    let (_dir, config, records) = journal();
    let reader = JournalReader::open(&config.dir).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let query = Query { action: Some(Action::Reject), ..Query::default() };
    let file = fs::File::create(elsewhere.path().join("20250425T092400000000-0.parquet")).unwrap();
    let exported = reader.export(&query, file).unwrap();
    let meant: Vec<_> = records.into_iter().filter(|record| record.action == Action::Reject).collect();
    assert_eq!(exported.records, meant.len() as u64);
    assert_eq!(all(&JournalConfig::new(elsewhere.path())), meant);
}

#[test]
fn the_releases_of_a_journal_are_known_by_name() {
    let (_dir, config, _) = journal();
    let found = JournalReader::open(&config.dir).unwrap().releases().unwrap();
    assert_eq!(found, [0, 1, 2].map(release));
    fs::remove_file(files(&config, ".arrows").remove(0)).unwrap();
    assert_eq!(JournalReader::open(&config.dir).unwrap().releases().unwrap(), found, "closed segments say so");
}

#[test]
fn a_message_is_found_by_its_id_whether_the_journal_hashes_it_or_not() {
    for message_ids in [MessageIds::Hashed, MessageIds::Plain, MessageIds::Omitted] {
        let dir = tempfile::tempdir().unwrap();
        let config = JournalConfig::new(dir.path()).message_ids(message_ids);
        let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
        let message = Message::parse(*b"From: a@x.example\nMessage-ID: <needle@x.example>\n\nhello\n");
        let record = Record { mail: journal.mail(&message), ..Sampler::new(2).record() };
        journal.append(record.clone());
        journal.flush();
        let query = Query { message_id: Some("<needle@x.example>".into()), ..Query::default() };
        let found = JournalReader::open(dir.path()).unwrap().last(&query, 10).unwrap().records;
        let meant = if message_ids == MessageIds::Omitted { vec![] } else { vec![record] };
        assert_eq!(found, meant, "{message_ids:?}");
    }
}

#[test]
fn nothing_of_the_content_and_no_recipient_is_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = JournalConfig::new(dir.path());
    let journal = Journal::open(config.clone(), 7, thresholds()).unwrap();
    let raw = "From: Sendername <sendermark@x.example>\nTo: tomark@recipientmark.example\nCc: ccmark@y.example\n\
               Subject: subjectmark\nMessage-ID: <idmark@x.example>\nX-Custom: fieldmark\n\nbodymark\n";
    let envelope = Envelope::new().mail_from("envelopemark@x.example").recipient("rcptmark@z.example");
    let message = Message::builder(raw).envelope(envelope).build();
    for record in Sampler::new(3).records(100) {
        journal.append(Record { mail: journal.mail(&message), ..record });
    }
    drop(journal);
    for state in ["stream", "Parquet"] {
        for file in files(&config, "") {
            let bytes = fs::read(&file).unwrap();
            let has = |mark: &str| bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
            for mark in ["mark", "Sendername", "y.example", "z.example"] {
                assert!(!has(mark), "{mark} is in {} ({state})", file.display());
            }
            assert!(
                state == "Parquet" || file.extension().is_none() || has("x.example"),
                "the sender's domain is kept"
            );
        }
        close_all(&config);
    }
}

#[test]
fn records_of_before_readings_had_numbers_have_the_first() {
    let record = Sampler::new(5).record();
    let mut columns = Columns::new(FeatureSample::OFF);
    columns.push(&record, None).unwrap();
    let batch = columns.finish(&schema::bare()).unwrap();
    let kept = |batch: &RecordBatch| records(batch, &mut Releases::new()).unwrap().remove(0);
    assert_eq!(kept(&batch), record);

    let before: Vec<usize> = (0..batch.num_columns() - 1).collect();
    let before = batch.project(&before).unwrap();
    assert_eq!(kept(&before), Record { reading: Reading::FIRST, ..record.clone() });
    let completed = schema::completed(&before, &schema::bare()).unwrap();
    assert_eq!(kept(&completed).reading, Reading::FIRST, "exported beside newer ones");
    assert_eq!(kept(&schema::completed(&batch, &schema::bare()).unwrap()), record);

    let mut json = serde_json::to_value(&record).unwrap();
    json.as_object_mut().unwrap().remove("reading").unwrap();
    assert_eq!(serde_json::from_value::<Record>(json).unwrap().reading, Reading::FIRST);
}

#[test]
fn a_journal_says_how_much_it_has_and_from_when_to_when() {
    let (_dir, config, mut records) = journal();
    let reader = JournalReader::open(&config.dir).unwrap();
    records.sort_by_key(|record| record.at);
    let extent = reader.extent().unwrap();
    assert_eq!((extent.records, extent.judged), (3_000, Some((records[0].at, records[2_999].at))));
    assert_eq!(reader.slots().unwrap().into_iter().collect::<Vec<_>>(), ["inbound"]);
    for (slot, is_there) in [("inbound", true), ("outbound", true), ("elsewhere", false)] {
        assert_eq!(reader.has_slot(slot).unwrap(), is_there, "{slot}");
    }
    let empty = tempfile::tempdir().unwrap();
    written(&JournalConfig::new(empty.path()), &[]);
    let nothing = JournalReader::open(empty.path()).unwrap();
    assert_eq!((nothing.extent().unwrap(), nothing.slots().unwrap().len()), (Default::default(), 0));
}
