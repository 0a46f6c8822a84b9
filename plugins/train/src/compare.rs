//! [`sides`]: a split of corpora with the scores of `switchback train` on it, for other programs to be trained on the same.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;
use switchback::Message;
use switchback_train::{Collection, Example, KINDS, Side, Split, Trained, Trainer};

use crate::corpora::{Corpora, Raw};

/// Writes the messages of some corpora that are learned from, as `learned/ham/0.eml` and so on, and those that are measured on, as
/// `held-out/spam/7.eml`, and beside them `scores.tsv`: of each that is measured on its path and its score by a model that
/// `switchback train` makes of those that are learned from. Returns what became of it.
///
/// # Errors
/// If the corpora cannot be read, or the folder cannot be written.
pub fn sides(corpora: &Corpora, names: &[String], split: Split, to: &Path) -> Result<Trained> {
    let mut mail: Vec<Raw> = Vec::new();
    for name in names {
        mail.extend(corpora.read(name)?);
    }
    let collection = collection(&mail)?;
    let sides = collection.sides(split)?;
    let trained = Trainer::default().split(split).train(collection, |_| {})?;
    let scores: HashMap<&str, f64> = trained.held_out.iter().map(|one| (&*one.message, one.score)).collect();
    let mut lines = String::new();
    for (number, (raw, side)) in mail.iter().zip(sides).enumerate() {
        let side = match side {
            Side::Learned => "learned",
            Side::HeldOut => "held-out",
            Side::LeftOut => continue,
        };
        let score = scores.get(&*number.to_string());
        let path = format!("{side}/{}/{number}.eml", if raw.label.is_spam() { "spam" } else { "ham" });
        let file = to.join(&path);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        fs::write(&file, &raw.bytes).with_context(|| format!("write {}", file.display()))?;
        lines.extend(score.map(|score| format!("{path}\t{score}\n")));
    }
    fs::write(to.join("scores.tsv"), lines)?;
    Ok(trained)
}

/// Messages as `switchback train` collects them, each called by its number.
///
/// # Errors
/// If there is no room for them.
pub fn collection(mail: &[Raw]) -> Result<Collection> {
    let example = |(number, raw): (usize, &Raw)| {
        Example::new(number.to_string(), raw.label, &Message::parse(raw.bytes.clone()), KINDS)
    };
    let examples: Vec<_> = mail.par_iter().enumerate().map(example).collect();
    let mut collection = Collection::new(&std::env::temp_dir(), KINDS)?;
    examples.into_iter().try_for_each(|example| collection.add(example))?;
    Ok(collection)
}
