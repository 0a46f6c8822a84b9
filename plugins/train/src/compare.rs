//! [`sides`]: a split of corpora with the scores of `switchback train` on it, for other programs to be trained on the same.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;
use switchback::Message;
use switchback_train::{Collection, Example, KINDS, Trained, Trainer};

use crate::corpora::{Corpora, Raw};

/// Writes the messages of some corpora, of copies one, as `learned/ham/0.eml` and so on, and `held-out/spam/7.eml`, and beside them
/// `scores.tsv`: of each that is held out its path and its score by a model that `switchback train` makes of the others. Returns what
/// became of it.
///
/// # Errors
/// If the corpora cannot be read, or the folder cannot be written.
pub fn sides(corpora: &Corpora, names: &[String], to: &Path) -> Result<Trained> {
    let mut seen = HashSet::new();
    let mut mail: Vec<Raw> = Vec::new();
    for name in names {
        mail.extend(corpora.read(name)?);
    }
    mail.retain(|raw| seen.insert(Message::parse(raw.bytes.clone()).fingerprint()));
    let examples: Vec<_> = mail
        .par_iter()
        .enumerate()
        .map(|(number, raw)| Example::new(number.to_string(), raw.label, &Message::parse(raw.bytes.clone()), KINDS))
        .collect();
    let mut collection = Collection::new(&std::env::temp_dir(), KINDS)?;
    examples.into_iter().try_for_each(|example| collection.add(example))?;
    let trained = Trainer::default().train(collection, |_| {})?;
    let scores: HashMap<&str, f64> = trained.held_out.iter().map(|one| (&*one.message, one.score)).collect();
    let mut lines = String::new();
    for (number, raw) in mail.iter().enumerate() {
        let score = scores.get(&*number.to_string());
        let side = if score.is_some() { "held-out" } else { "learned" };
        let path = format!("{side}/{}/{number}.eml", if raw.label.is_spam() { "spam" } else { "ham" });
        let file = to.join(&path);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        fs::write(&file, &raw.bytes).with_context(|| format!("write {}", file.display()))?;
        lines.extend(score.map(|score| format!("{path}\t{score}\n")));
    }
    fs::write(to.join("scores.tsv"), lines)?;
    Ok(trained)
}
