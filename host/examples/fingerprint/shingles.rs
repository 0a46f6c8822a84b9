//! The yardstick: resemblance by word shingles (Broder, "On the resemblance and containment of documents", 1997). It
//! has nothing in common with the fingerprint: it keeps digits, names and addresses, and knows degrees.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Words of a shingle.
const WIDTH: usize = 3;
/// Bands of the sketch, and rows of each: two messages whose resemblance is 0.9 share a band with a probability above
/// 0.999999, two of 0.3 with one of 0.23.
const BANDS: u64 = 32;
const ROWS: u64 = 4;

/// The distinct shingles of a text, as sorted hashes.
pub(crate) struct Shingles(Vec<u64>);

impl Shingles {
    pub(crate) fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut hashes: Vec<u64> = words.windows(WIDTH.min(words.len().max(1))).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// The share of all shingles that both have (Jaccard): 1 if both have none.
    pub(crate) fn resemblance(&self, other: &Self) -> f64 {
        let mut left = self.0.iter().peekable();
        let mut right = other.0.iter().peekable();
        let mut both = 0_usize;
        while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
            match l.cmp(r) {
                std::cmp::Ordering::Less => drop(left.next()),
                std::cmp::Ordering::Greater => drop(right.next()),
                std::cmp::Ordering::Equal => {
                    both += 1;
                    left.next();
                    right.next();
                }
            }
        }
        let either = self.0.len() + other.0.len() - both;
        if either == 0 { 1.0 } else { both as f64 / either as f64 }
    }

    fn bands(&self) -> impl Iterator<Item = u64> {
        (0..BANDS).map(|band| {
            let least = |row| self.0.iter().map(|shingle| hash(&(band * ROWS + row, shingle))).min();
            hash(&(band, (0..ROWS).map(least).collect::<Vec<_>>()))
        })
    }
}

/// Pairs that may well be alike, each once, by their places.
pub(crate) fn candidates<'a>(all: impl Iterator<Item = &'a Shingles>) -> BTreeSet<(usize, usize)> {
    let mut buckets: HashMap<u64, Vec<usize>> = HashMap::new();
    for (index, shingles) in all.enumerate() {
        shingles.bands().for_each(|band| buckets.entry(band).or_default().push(index));
    }
    buckets.values().flat_map(|bucket| pairs(bucket)).collect()
}

/// All pairs of a group; of a large one, each member with the 50 that follow it.
pub(crate) fn pairs(group: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    const NEIGHBOURS: usize = 50;
    group
        .iter()
        .enumerate()
        .flat_map(|(at, first)| group[at + 1..].iter().take(NEIGHBOURS).map(|second| (*first, *second)))
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
