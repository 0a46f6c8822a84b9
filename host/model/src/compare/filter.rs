//! A set of names that never grows: it may take a new name for an old one, never an old one for new.

/// Bits of the filter: 2 MiB. With a million names it takes one new name of 80 for an old one, with ten million every
/// second; what that costs is that a sender is pooled and not counted alone.
const BITS: u64 = 1 << 24;

/// Bits that a name sets.
const BITS_PER_NAME: usize = 2;

/// A Bloom filter (B. H. Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors, CACM 13(7), 1970).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { words: vec![0; (BITS / 64) as usize] }
    }
}

impl Filter {
    pub(super) fn insert(&mut self, name: &str) {
        for (word, bit) in places(name) {
            self.words[word] |= bit;
        }
    }

    /// Whether the name may have been inserted; false is certain.
    pub(super) fn may_have(&self, name: &str) -> bool {
        places(name).into_iter().all(|(word, bit)| self.words[word] & bit != 0)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(all, more)| *all |= more);
    }

    /// About how many names were inserted, from the share of bits that are set (S. J. Swamidass and P. Baldi, J. Chem.
    /// Inf. Model. 47(3), 2007). Within 1 % up to ten million.
    pub(super) fn names_estimated(&self) -> u64 {
        let set: u64 = self.words.iter().map(|word| u64::from(word.count_ones())).sum();
        let clear = BITS.saturating_sub(set).max(1) as f64 / BITS as f64;
        (-clear.ln() * BITS as f64 / BITS_PER_NAME as f64).round() as u64
    }
}

/// The word and the bit in it of each bit of a name.
fn places(name: &str) -> [(usize, u64); BITS_PER_NAME] {
    let hash = blake3::hash(name.as_bytes());
    let mut chunks = hash.as_bytes().chunks_exact(8);
    std::array::from_fn(|_| {
        // A hash has four chunks; there are two places.
        let chunk = chunks.next().and_then(|chunk| chunk.try_into().ok()).map_or(0, u64::from_le_bytes);
        let place = chunk % BITS;
        ((place / 64) as usize, 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_there_and_the_number_is_close() {
        let mut filter = Filter::default();
        assert_eq!(filter.names_estimated(), 0);
        let names: Vec<_> = (0..200_000).map(|i| format!("{i}.example")).collect();
        names.iter().for_each(|name| filter.insert(name));
        assert!(names.iter().all(|name| filter.may_have(name)));
        let estimated = filter.names_estimated();
        assert!((198_000..=202_000).contains(&estimated), "{estimated}");
        let mistaken = (0..10_000).filter(|i| filter.may_have(&format!("{i}.other.example"))).count();
        assert!(mistaken < 20, "{mistaken}");
    }

    #[test]
    fn a_full_filter_has_a_finite_number_of_names() {
        let full = Filter { words: vec![u64::MAX; (BITS / 64) as usize] };
        assert!(full.may_have("any") && full.names_estimated() > 10_000_000);
    }
}
