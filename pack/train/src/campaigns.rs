//! Which messages belong together: threads and campaigns, of which no part may be measured on if another was learned from.
//!
//! Messages with the same fingerprint, the same normalised subject, or the same beginning of the text form a group, and so do
//! groups that share a message. A group is named by the least SHA-256 of its messages, so a corpus has one grouping, in whatever
//! order it is read.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use switchback::Message;

/// Shorter subjects and texts are too usual to tie messages together.
const SUBJECT_LETTERS_MIN: usize = 8;
const TEXT_LETTERS_MIN: usize = 40;

/// How many letters of a text are compared.
const TEXT_LETTERS: usize = 200;

/// Bytes of a text in which they are looked for.
const TEXT_BYTES_MAX: usize = 4_096;

/// What messages are grouped by.
#[derive(Clone, Debug)]
pub struct Traits {
    /// Of the bytes.
    pub sha256: [u8; 32],
    keys: [Option<u64>; 3],
}

impl Traits {
    /// Those of a message.
    pub fn of(message: &Message) -> Self {
        let mut traits = Self::new(message.sha256(), message.subject(), message.text(TEXT_BYTES_MAX).value);
        let print = message.fingerprint();
        traits.keys[2] = Some(key(print.as_bytes()));
        traits
    }

    /// Those of a message of which only subject and text are compared.
    pub fn new(sha256: [u8; 32], subject: &str, text: &str) -> Self {
        let subject: String = letters(without_replies(subject)).collect();
        let text: String = letters(text).take(TEXT_LETTERS).collect();
        let subject = (subject.len() >= SUBJECT_LETTERS_MIN).then(|| key(subject.as_bytes()));
        let text = (text.len() >= TEXT_LETTERS_MIN).then(|| key(text.as_bytes()));
        Self { sha256, keys: [subject, text, None] }
    }

    /// What copies of a message have alike; its own digest where nothing is known but that.
    pub(crate) fn copy_key(&self) -> u64 {
        self.keys[2].unwrap_or_else(|| key(&self.sha256))
    }
}

/// 64 bits of a digest: among a million messages two meet by chance once in 37 million corpora.
fn key(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    u64::from_le_bytes(std::array::from_fn(|at| digest[at]))
}

fn without_replies(subject: &str) -> &str {
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

/// The name of the group of each message: the least SHA-256 in it.
pub fn campaigns(traits: &[Traits]) -> Vec<[u8; 32]> {
    let mut groups = Groups::new(traits.len());
    for key in 0..3 {
        let mut first = HashMap::new();
        for (index, one) in traits.iter().enumerate() {
            if let Some(key) = one.keys[key] {
                groups.join(*first.entry(key).or_insert(index), index);
            }
        }
    }
    let mut least: HashMap<usize, [u8; 32]> = HashMap::new();
    for (index, one) in traits.iter().enumerate() {
        let least = least.entry(groups.root(index)).or_insert(one.sha256);
        *least = one.sha256.min(*least);
    }
    (0..traits.len()).map(|index| least[&groups.root(index)]).collect()
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

    fn traits(id: u32, subject: &str, text: &str) -> Traits {
        Traits::new(Sha256::digest(id.to_le_bytes()).into(), subject, text)
    }

    #[test]
    fn a_campaign_and_a_thread_are_one_group() {
        let text = |tail: &str| format!("{} {tail}", "Order your pills now, they are cheap. ".repeat(9));
        let all = [
            traits(0, "Cheap pills 123", "one"),
            traits(1, "RE: Fwd: cheap pills 77!", &text("a")),
            traits(2, "Something else entirely", &text("b")),
            traits(3, "Another matter", "two"),
        ];
        let groups = campaigns(&all);
        assert_eq!([groups[0], groups[1]], [groups[2], groups[2]]);
        assert_eq!(groups[3], all[3].sha256);
        assert_eq!(groups[0], all[..3].iter().map(|one| one.sha256).min().unwrap(), "the least names it");
    }

    #[test]
    fn short_subjects_and_texts_tie_nothing_together() {
        let all = [traits(0, "Invoice", "Thank you."), traits(1, "Re: invoice 2", "Thank you!"), traits(2, "", "")];
        assert_eq!(campaigns(&all), all.map(|one| one.sha256));
        let all = [traits(0, "Invoices", ""), traits(1, "invoices!", "")];
        assert_eq!(campaigns(&all)[0], campaigns(&all)[1]);
    }

    #[test]
    fn copies_with_other_names_in_them_are_one_group() {
        let mail = |name: &str| {
            let text = "your account will be closed within a day unless you confirm it at our new page right now";
            Message::parse(format!(
                "From: a@x.example\nSubject: {name}\n\nHello {name}, {text} http://x.example/{name}\n"
            ))
        };
        let all = ["Ann", "Bob"].map(|name| Traits::of(&mail(name)));
        assert_eq!(all[0].copy_key(), all[1].copy_key());
        let groups = campaigns(&all);
        assert_eq!(groups[0], groups[1]);
    }

    #[test]
    fn the_order_of_the_corpus_does_not_matter() {
        let mut all: Vec<_> =
            (0..500).map(|id| traits(id, &format!("subject {}", "x".repeat(id as usize % 40)), "")).collect();
        let forward = campaigns(&all);
        all.reverse();
        let mut backward = campaigns(&all);
        backward.reverse();
        assert_eq!(forward, backward);
    }
}
