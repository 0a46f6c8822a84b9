//! Trainings on generated mail, from messages to releases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod gmail;
mod refusals;
mod release;
mod same;
mod split;
mod told;

use rayon::prelude::*;
use switchback::Message;
use switchback_mailgen::{Generated, Generator, Kind, Mix};
use switchback_train::{Collection, Example, KINDS, Label, Report, Trained, Trainer};

/// Generated mail without Gmail.
pub(crate) fn without_gmail(seed: u64) -> Generator {
    Generator::with_mix(seed, Kind::ALL.into_iter().fold(Mix::default(), |mix, kind| mix.gmail(kind, 0)))
}

/// What a generated message is.
pub(crate) fn label(generated: &Generated) -> Label {
    if generated.kind.is_unwanted() { Label::Spam } else { Label::Ham }
}

/// A message with its label, and when it arrived.
pub(crate) struct Mail {
    pub(crate) bytes: Vec<u8>,
    pub(crate) label: Label,
}

/// The first messages of a generator, which arrive at this time.
pub(crate) fn arrived(generator: &Generator, count: u64, date: &str) -> Vec<Mail> {
    let mail = (0..count).map(|number| generator.nth_message(number));
    mail.map(|one| Mail {
        label: label(&one),
        bytes: [format!("Received: from a.example by mx.home.example; {date}\r\n").as_bytes(), &one.bytes].concat(),
    })
    .collect()
}

/// Whatever mail is given, in its order.
pub(crate) fn collection(mail: &[Mail]) -> Collection {
    let mut collection = Collection::new(&std::env::temp_dir(), KINDS).unwrap();
    let examples: Vec<_> = mail
        .par_iter()
        .enumerate()
        .map(|(number, one)| Example::new(number.to_string(), one.label, &Message::parse(&*one.bytes), KINDS))
        .collect();
    examples.into_iter().for_each(|example| collection.add(example).unwrap());
    collection
}

/// A training with the defaults.
pub(crate) fn train(mail: &[Mail]) -> Trained {
    Trainer::default().max_false_positives(0.01).train(collection(mail), |_| {}).unwrap()
}

/// The share of unwanted mail that is found.
pub(crate) fn recall(report: &Report) -> f64 {
    report.chosen.recall.value()
}
