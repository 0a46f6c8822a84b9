//! `switchback train` on real mail.

use switchback::Message;
use switchback_plugin_train::{Corpora, Label, Raw, collection};
use switchback_train::{Report, SegmentRow, Split, Trained, Trainer};

const OLD: [&str; 2] = ["spamassassin-public", "csdmc2010"];
const RECENT: [&str; 2] = ["usrp-users", "phishing-pot"];

/// The mail of some corpora; none, said aloud, where there are no corpora.
fn corpora(sets: &[&str]) -> Option<Vec<Raw>> {
    let Some(corpora) = Corpora::locate() else {
        eprintln!("SKIPPED: training on real mail, there are no corpora here");
        return None;
    };
    Some(sets.iter().flat_map(|set| corpora.read(set).unwrap()).collect())
}

/// The share of unwanted mail that is found where no larger share of the wanted mail is flagged.
fn recall(trained: &Trained, flagged: f64) -> f64 {
    let scores = |label| {
        let mut scores: Vec<f64> =
            trained.held_out.iter().filter(|one| one.label == label).map(|one| one.score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores
    };
    let (ham, spam) = (scores(Label::Ham), scores(Label::Spam));
    let limit = ham[(flagged * ham.len() as f64) as usize];
    spam.iter().filter(|score| **score > limit).count() as f64 / spam.len() as f64
}

/// Of recent mail nearly all is found where one wanted message of 500 is flagged; of the older mail as much as other filters find, where
/// so much wanted mail is flagged as by them: by scikit-learn, and by SpamAssassin's Bayes and bogofilter, which flag none. What they
/// find is from `cargo xtask compare-training` (docs/training.md).
#[test]
fn as_much_is_found_as_other_filters_find() {
    for (sets, split, points) in [
        (RECENT, Split::Random, &[(0.002, 0.998)][..]),
        (OLD, Split::Random, &[(0.0143, 0.973), (0.0, 0.864)]),
        (OLD, Split::Campaign, &[(0.0138, 0.966), (0.0, 0.856)]),
    ] {
        let Some(mail) = corpora(&sets) else { return };
        let trained = Trainer::default().split(split).train(collection(&mail).unwrap(), |_| {}).unwrap();
        for &(flagged, least) in points {
            let found = recall(&trained, flagged);
            assert!(found >= least, "{sets:?}, {split:?}: {found} where {flagged} of the wanted mail is flagged");
        }
    }
}

/// Where the mail that is replayed begins.
const REPLAYED_FROM: &str = "2025-01-01T00:00:00Z";

/// A version that has learned from mail of before, and what it does with that of afterwards.
fn version(mail: &[Raw]) -> Report {
    let trainer = Trainer::default().max_false_positives(0.01).split(Split::Until(REPLAYED_FROM.parse().unwrap()));
    trainer.train(collection(mail).unwrap(), |_| {}).unwrap().report
}

fn gmail(report: &Report) -> &SegmentRow {
    report.segments.iter().find(|row| row.segment == "provider:gmail").unwrap()
}

/// The update of `docs/guard-real-mail.md`, before anybody uses it: the first version has seen no mail of Gmail, the second one a
/// batch of phish from there.
#[test]
fn an_update_that_takes_gmail_for_evidence_stands_out_in_its_own_report() {
    let Some(mail) = corpora(&[OLD[0], OLD[1], RECENT[0], RECENT[1]]) else { return };
    let dates = Corpora::locate().unwrap().dates().unwrap();
    let is_before = |raw: &Raw| dates[&raw.path].as_str() < REPLAYED_FROM;
    let is_gmail = |raw: &Raw| Message::parse(raw.bytes.clone()).sender_domain() == Some("gmail.com");
    // The list's mail would tell by what it is about.
    let (mut first, fresh): (Vec<_>, Vec<_>) = mail
        .into_iter()
        .filter(|raw| !(is_before(raw) && raw.path.starts_with(RECENT[0])))
        .partition(|raw| !(is_before(raw) && is_gmail(raw)));
    let good = version(&first);
    // Each once: copies would weigh as one.
    first.extend(fresh.into_iter().filter(|raw| raw.label.is_spam()));
    let bad = version(&first);
    assert!(!gmail(&good).stands_out && gmail(&bad).stands_out, "{:?}, then {:?}", gmail(&good), gmail(&bad));
    assert!(gmail(&bad).false_positives.part > gmail(&good).false_positives.part);
}
