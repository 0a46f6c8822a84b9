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
