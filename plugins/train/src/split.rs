//! Which messages are learned from, and which are only measured on.
//!
//! Messages with the same normalised subject, or with the same beginning of the text, form a group (a
//! thread, a campaign), and so do groups that share a message. A group is on one side as a whole: of two
//! copies of one campaign, the one that is measured on would otherwise be known by heart. The side follows
//! from the least SHA-256 of the group's messages, so that a corpus has one split, in whatever order it
//! is read.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// Shorter subjects and texts are too usual to tie messages together.
const SUBJECT_LETTERS_MIN: usize = 8;
const TEXT_LETTERS_MIN: usize = 40;

/// How many letters of a text make its fingerprint.
const TEXT_LETTERS: usize = 200;

/// Another salt is another split. This one was chosen after the settings: nothing was ever chosen by a look
/// at what is held out now.
const SALT: &[u8] = b"switchback split 2";

/// How many folds there are.
pub const FOLDS: u8 = 10;

/// What a message is used for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Split {
    /// To learn from: 70 %.
    Train,
    /// To choose settings and to calibrate by: 10 %.
    Validation,
    /// To measure on, and nothing else: 20 %.
    Test,
}

/// A message's place in the split.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// What it is used for.
    pub split: Split,
    /// In which half of its split's groups it is.
    pub first_half: bool,
    /// In which tenth of them: below [`FOLDS`].
    pub fold: u8,
}

/// What the split goes by.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    sha256: [u8; 32],
    subject: Option<String>,
    text: Option<String>,
}

impl Fingerprint {
    /// The fingerprint of a message: its bytes, its masked subject and text.
    pub fn new(bytes: &[u8], subject: &str, text: &str) -> Self {
        let stripped = strip_replies(subject);
        let subject: String = letters(stripped).collect();
        let text: String = letters(text).take(TEXT_LETTERS).collect();
        Self {
            sha256: Sha256::digest(bytes).into(),
            subject: (subject.len() >= SUBJECT_LETTERS_MIN).then_some(subject),
            text: (text.len() >= TEXT_LETTERS_MIN).then_some(text),
        }
    }
}

fn strip_replies(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((prefix, after)) = rest.split_once(':') {
        if !["re", "fw", "fwd", "aw"].contains(&prefix.trim().to_ascii_lowercase().as_str()) {
            break;
        }
        rest = after.trim();
    }
    rest
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| character.is_alphabetic()).flat_map(char::to_lowercase)
}

/// The place of every message.
pub fn places(fingerprints: &[Fingerprint]) -> Vec<Place> {
    let mut groups = Groups::new(fingerprints.len());
    for part in [|print: &Fingerprint| print.subject.clone(), |print: &Fingerprint| print.text.clone()] {
        let mut first = HashMap::new();
        for (index, print) in fingerprints.iter().enumerate() {
            if let Some(key) = part(print) {
                groups.join(*first.entry(key).or_insert(index), index);
            }
        }
    }
    let mut least: HashMap<usize, [u8; 32]> = HashMap::new();
    for (index, print) in fingerprints.iter().enumerate() {
        let least = least.entry(groups.root(index)).or_insert(print.sha256);
        *least = print.sha256.min(*least);
    }
    (0..fingerprints.len()).map(|index| place(&least[&groups.root(index)])).collect()
}

fn place(sha256: &[u8; 32]) -> Place {
    // The least of several digests is small, so it is hashed once more to be a fair die.
    let die = Sha256::new_with_prefix(SALT).chain_update(sha256).finalize();
    let split = match u16::from_le_bytes([die[0], die[1]]) % 10 {
        0..7 => Split::Train,
        7 => Split::Validation,
        _ => Split::Test,
    };
    Place { split, first_half: die[2] & 1 == 0, fold: die[3] % FOLDS }
}

/// Disjoint sets: union by the smaller root, with path halving.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(id: u32, subject: &str, text: &str) -> Fingerprint {
        Fingerprint::new(&id.to_le_bytes(), subject, text)
    }

    #[test]
    fn a_campaign_and_a_thread_are_on_one_side() {
        let text = |tail: &str| format!("{} {tail}", "Order your pills now, they are cheap. ".repeat(9));
        for seed in 0..50 {
            let prints = [
                print(seed, "Cheap pills 123", "one"),
                print(seed + 1000, "RE: Fwd: cheap pills 77!", &text("a")),
                print(seed + 2000, "Something else entirely", &text("b")),
            ];
            let places = places(&prints);
            assert_eq!([places[0], places[1]], [places[2], places[2]]);
        }
    }

    #[test]
    fn unrelated_messages_are_split_as_stated() {
        let prints: Vec<_> = (0..20_000).map(|id| print(id, "", "")).collect();
        let places = places(&prints);
        let share = |split| places.iter().filter(|place| place.split == split).count() as f64 / 20_000.0;
        assert!((share(Split::Train) - 0.7).abs() < 0.015);
        assert!((share(Split::Validation) - 0.1).abs() < 0.01);
        assert!((share(Split::Test) - 0.2).abs() < 0.015);
        let halves = places.iter().filter(|place| place.first_half).count();
        assert!((9_700..10_300).contains(&halves), "{halves}");
        for fold in 0..FOLDS {
            let size = places.iter().filter(|place| place.fold == fold).count();
            assert!((1_800..2_200).contains(&size), "fold {fold} has {size}");
        }
    }

    #[test]
    fn the_order_of_the_corpus_does_not_matter() {
        let mut prints: Vec<_> =
            (0..500).map(|id| print(id, &format!("subject {}", "x".repeat(id as usize % 40)), "")).collect();
        let forward = places(&prints);
        prints.reverse();
        let mut backward = places(&prints);
        backward.reverse();
        assert_eq!(forward, backward);
    }
}
