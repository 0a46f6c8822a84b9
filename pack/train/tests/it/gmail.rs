//! The bad update, re-enacted: a fresh batch of phish from gmail.com in the mail that is learned from, and no wanted mail from there.

use switchback_mailgen::{Generator, Mix};
use switchback_train::{Report, Split, Trainer};

use super::{Mail, arrived, collection, without_gmail};

const BEFORE: &str = "Tue, 1 Apr 2025 09:00:00 +0000";
const AFTER: &str = "Fri, 25 Apr 2025 09:24:00 +0000";

/// Learns from mail of before and what else, and measures on usual mail, from Gmail too, of afterwards.
fn report(fresh: Vec<Mail>) -> Report {
    let mut mail = arrived(&without_gmail(3), 1_500, BEFORE);
    mail.extend(fresh);
    mail.extend(arrived(&Generator::new(4), 900, AFTER));
    let trainer =
        Trainer::default().max_false_positives(0.01).split(Split::Until("2025-04-20T00:00:00Z".parse().unwrap()));
    trainer.train(collection(&mail), |_| {}).unwrap().report
}

#[test]
fn an_update_that_takes_gmail_for_evidence_stands_out_before_it_is_released() {
    let phish = arrived(&Generator::with_mix(5, Mix::gmail_phish()), 500, BEFORE);
    let bad = report(phish);
    let gmail = bad.segments.iter().find(|row| row.segment == "provider:gmail").unwrap();
    assert!(gmail.stands_out, "{gmail:?}");
    assert!(bad.warnings.iter().any(|warning| warning.contains("provider:gmail")), "{:?}", bad.warnings);
    assert!(bad.coverage.missing.contains(&"mail from gmail".to_owned()), "{:?}", bad.coverage);

    let usual = report(arrived(&Generator::new(6), 500, BEFORE));
    let gmail = usual.segments.iter().find(|row| row.segment == "provider:gmail").unwrap();
    assert!(!gmail.stands_out, "{gmail:?}");
}
