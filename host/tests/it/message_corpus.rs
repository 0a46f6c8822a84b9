//! Real mail, all of it.

use std::collections::HashMap;

use switchback::Message;
use switchback::message::Recipients;

use crate::corpus::{SETS, corpus, manifest};
use crate::message::drive;

/// How often something was as expected.
#[derive(Default)]
struct Tally {
    agreed: usize,
    asked: usize,
}

impl Tally {
    fn note(&mut self, agrees: bool) {
        self.asked += 1;
        self.agreed += usize::from(agrees);
    }

    /// Fails if less than `share` agreed.
    #[track_caller]
    fn at_least(&self, share: f64) {
        let found = self.agreed as f64 / self.asked as f64;
        assert!(found >= share, "{} of {} agree: {found:.4}, expected {share}", self.agreed, self.asked);
    }
}

#[test]
fn all_real_mail_is_read() {
    for set in SETS.into_iter().chain(["odd-mime"]) {
        for (_, bytes) in corpus(set).into_iter().flatten() {
            drive(&Message::parse(bytes));
        }
    }
}

/// The manifest was made by another program (Python's `email`), which reads some broken mail differently:
/// the shares are what was measured, rounded down.
#[test]
fn real_mail_is_read_as_its_manifest_says() {
    let Some(manifest) = manifest() else { return };
    let mut tallies: HashMap<&str, Tally> = HashMap::new();
    for (path, bytes) in SETS.into_iter().filter_map(corpus).flatten() {
        let row = &manifest[&path];
        let message = Message::parse(bytes);
        let counts = message.counts(Recipients::Granted);
        let domain = message.from().first().map_or("", |mailbox| &mailbox.domain);
        let mut note = |fact, agrees| tallies.entry(fact).or_default().note(agrees);
        note("sha256", message.sha256_hex() == row["sha256"]);
        note("size", message.size().to_string() == row["size"]);
        note("received", counts.received.to_string() == row["n_received"]);
        note("from", domain == row["from_domain"]);
        note("html", message.html(1).value.is_empty() == (row["html"] == "0"));
        note("attachments", (counts.attachments == 0) == (row["attach"] == "0"));
    }
    for (fact, share) in
        [("sha256", 1.0), ("size", 1.0), ("received", 1.0), ("from", 0.99), ("html", 0.996), ("attachments", 0.97)]
    {
        let Some(tally) = tallies.get(fact) else { continue };
        eprintln!("{fact}: {} of {}", tally.agreed, tally.asked);
        tally.at_least(share);
    }
}

/// mail-parser reads the whole tree in another way: where the two differ much, one is wrong. Words are
/// compared, because white space and what HTML breaks differ by design.
#[test]
fn real_mail_is_read_as_mail_parser_reads_it() {
    let (mut subjects, mut dates, mut words) = (Tally::default(), Tally::default(), Tally::default());
    for (_, bytes) in SETS.into_iter().filter_map(corpus).flatten() {
        let Some(theirs) = mail_parser::MessageParser::default().parse(&bytes) else { continue };
        let ours = Message::parse(bytes.clone());
        let subject = theirs.subject().unwrap_or("");
        subjects.note(ours.subject().split_whitespace().eq(subject.split_whitespace()));
        dates.note(ours.date() == theirs.date().filter(|date| date.is_valid()).map(|date| date.to_timestamp()));
        let is_plain =
            theirs.text_body.iter().all(|id| matches!(theirs.parts[*id as usize].body, mail_parser::PartType::Text(_)));
        if is_plain {
            let text: Vec<_> = (0..theirs.text_body_count()).filter_map(|index| theirs.body_text(index)).collect();
            words.note(
                ours.text(usize::MAX).value.split_whitespace().eq(text.iter().flat_map(|text| text.split_whitespace())),
            );
        }
    }
    if subjects.asked > 0 {
        eprintln!("words: {} of {}", words.agreed, words.asked);
        subjects.at_least(0.999);
        dates.at_least(0.999);
        words.at_least(0.98);
    }
}
