//! [`Example`]: a message as training sees it.

use anyhow::Result;
use rayon::prelude::*;
use switchback::Message as HostMessage;
use switchback_guest::Message;
use switchback_mailgen::{Generator, Kind, Provider};
use switchback_train::Traits;

use crate::corpora::{Corpora, Label};
use crate::split::{Place, Split, places, traits};
use crate::{guest_message, mask};

/// The corpus that the shipped models are trained on.
const CORPUS: &str = "spamassassin-public";

/// A labelled message with its place in the split.
#[derive(Debug)]
pub struct Example {
    /// What models see.
    pub message: Message,
    /// What it is.
    pub label: Label,
    /// What it is used for.
    pub place: Place,
}

/// The SpamAssassin public corpus, masked and split, in the order of its paths.
///
/// # Errors
/// If the archive cannot be read.
pub fn spam_assassin(corpora: &Corpora) -> Result<Vec<Example>> {
    masked(corpora, CORPUS)
}

/// Any corpus, masked and split in the same way.
///
/// # Errors
/// If the archive cannot be read.
pub fn masked(corpora: &Corpora, name: &str) -> Result<Vec<Example>> {
    let raw = corpora.read(name)?;
    let read: Vec<(Message, Traits)> = raw
        .par_iter()
        .map(|raw| {
            let message = mask::message(&HostMessage::parse(raw.bytes.clone()));
            let print = traits(&raw.bytes, &message.subject(), &message.text(4096).value);
            (message, print)
        })
        .collect();
    let (messages, prints): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    let places = places(&prints);
    let labelled = messages.into_iter().zip(raw).zip(places);
    Ok(labelled.map(|((message, raw), place)| Example { message, label: raw.label, place }).collect())
}

/// A generated message, as the sandbox would see it, with what the generator says of it.
#[derive(Debug)]
pub struct GeneratedExample {
    /// What models see.
    pub message: Message,
    /// What it is.
    pub kind: Kind,
    /// Who carried it.
    pub provider: Provider,
}

impl GeneratedExample {
    /// What it is, as far as a filter distinguishes.
    pub fn label(&self) -> Label {
        if self.kind.is_unwanted() { Label::Spam } else { Label::Ham }
    }

    /// The same as an example to learn from.
    pub fn into_training(self) -> Example {
        let place = Place { split: Split::Train, first_half: true, fold: 0 };
        Example { label: self.label(), message: self.message, place }
    }
}

/// The first `count` messages of a generator, parsed.
pub fn generated(mail: &Generator, count: u64) -> Vec<GeneratedExample> {
    let parsed = (0..count).into_par_iter().map(|index| {
        let generated = mail.nth_message(index);
        let message = guest_message(&HostMessage::parse(generated.bytes));
        GeneratedExample { message, kind: generated.kind, provider: generated.provider }
    });
    parsed.collect()
}
