//! [`Charsmap`]: SentencePiece's table of characters and what becomes of them.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::error::Error;

/// A table: a trie in two arrays that are one (Darts' format), and the texts that its leaves point to, each with a 0 behind it.
#[derive(Debug)]
pub(super) struct Charsmap {
    units: Vec<u32>,
    texts: String,
}

/// The most bytes of characters that are one for a reader and are looked up together.
const CLUSTER_BYTES_MAX: usize = 5;

impl Charsmap {
    /// Reads a table: the bytes of the trie and how many there are before them, then the texts.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Error> {
        let damaged = || Error::Format("a tokenizer's map of characters is damaged".into());
        let (length, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
        let (trie, texts) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
        let (units, []) = trie.as_chunks() else { return Err(damaged()) };
        let texts = String::from_utf8(texts.to_vec()).map_err(|_| damaged())?;
        Ok(Self { units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(), texts })
    }

    pub(super) fn apply(&self, text: &str) -> String {
        let mut to = String::with_capacity(text.len());
        for cluster in text.graphemes(true) {
            match self.find(cluster).filter(|_| cluster.len() <= CLUSTER_BYTES_MAX) {
                Some(instead) => to.push_str(instead),
                None => cluster.split_inclusive(|_: char| true).for_each(|c| to.push_str(self.find(c).unwrap_or(c))),
            }
        }
        to
    }

    /// What becomes of the shortest beginning of a text that is in the table.
    fn find(&self, text: &str) -> Option<&str> {
        let offset = |unit: u32| ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize;
        let mut place = offset(*self.units.first()?);
        for byte in text.bytes().take_while(|byte| *byte != 0) {
            place ^= usize::from(byte);
            let unit = *self.units.get(place)?;
            if unit & (1 << 31 | 0xff) != u32::from(byte) {
                return None;
            }
            place ^= offset(unit);
            let has_leaf = unit >> 8 & 1 == 1;
            if has_leaf {
                let start = self.units.get(place)? & !(1 << 31);
                return self.texts.get(start as usize..)?.split('\0').next();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table in which `a` becomes a text.
    fn table(instead: &str) -> Vec<u8> {
        let mut units = [0_u32; 512];
        units[0] = 256 << 10;
        units[256 ^ 0x61] = 1 << 10 | 1 << 8 | 0x61;
        units[256 ^ 0x61 ^ 1] = 1 << 31;
        let trie: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        [&(trie.len() as u32).to_le_bytes()[..], &trie, instead.as_bytes(), b"\0"].concat()
    }

    #[test]
    fn characters_become_what_the_table_says() {
        let map = Charsmap::new(&table("bc")).unwrap();
        assert_eq!(map.apply("xaxé a\0"), "xbcxé bc\0");
        assert_eq!(Charsmap::new(&table("")).unwrap().apply("xax"), "xx");
        // Marks go with a letter, but not with more than a few bytes.
        assert_eq!(map.apply("a\u{301}\u{301} a\u{301}\u{301}\u{301}"), "bc bc\u{301}\u{301}\u{301}");
    }

    #[test]
    fn a_damaged_table_is_an_error_or_changes_nothing() {
        let whole = table("b");
        for length in [0, 3, 4, 100, 4 + 2047] {
            assert!(Charsmap::new(&whole[..length]).is_err(), "{length} bytes");
        }
        let mut far = whole.clone();
        far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Charsmap::new(&far).unwrap().apply("a"), "a");
    }
}
