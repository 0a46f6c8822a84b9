//! [`Text`]: normalised text.

use super::classes::BLOCK;

mod chars;

/// What follows the text in the buffer, so that whole blocks and whole words can be read at its end: the
/// space after it, and then some.
const PADDING: usize = 2 * BLOCK;

/// How many bytes of ASCII are normalised together: two vectors. Measured, 64 are slower in the sandbox.
const ASCII_BLOCK: usize = 32;

/// A buffer of normalised text.
///
/// Normalising makes lower case of letters, `0` of every digit, and a space of every white space and
/// control character. It undoes common disguises: characters that nobody sees (zero-width spaces, soft
/// hyphens, joiners, direction marks, variation selectors, tags) are dropped, full-width and mathematical
/// letters and typographic quotes and dashes become their ASCII selves. Other characters stay: accents
/// and other scripts mean something. The result is UTF-8.
///
/// Make one when the model is prepared, and use it for every field of every message: it keeps its memory.
///
/// ```
/// use switchback_guest::features::Text;
///
/// let mut text = Text::new();
/// text.normalise("V\u{200b}IAGRA \u{2013} only $19.99!\r\n");
/// assert_eq!(text.as_bytes(), b"viagra - only $00.00!  ");
/// text.normalise("𝐕𝐞𝐫𝐢𝐟𝐲 your ＡＣＣＯＵＮＴ, ÉMILE");
/// assert_eq!(text.as_bytes(), "verify your account, émile".as_bytes());
/// ```
#[derive(Debug, Clone)]
pub struct Text {
    /// A space, the text, and spaces: whole blocks, and [`PADDING`].
    padded: Vec<u8>,
    len: usize,
}

impl Text {
    /// An empty text.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty text with room for so many bytes.
    ///
    /// # Panics
    /// If that is more than an address space has.
    #[track_caller]
    pub fn with_capacity(bytes: usize) -> Self {
        let mut padded = Vec::with_capacity(bytes.saturating_add(bytes / 8).saturating_add(1 + PADDING));
        padded.resize(1 + PADDING, b' ');
        Self { padded, len: 0 }
    }

    /// Replaces the text by another, normalised.
    pub fn normalise(&mut self, input: &str) {
        self.padded.clear();
        self.padded.reserve(input.len() + 1 + PADDING);
        self.padded.push(b' ');
        append(&mut self.padded, input);
        self.len = self.padded.len() - 1;
        self.padded.extend_from_slice(&[b' '; PADDING]);
    }

    /// The normalised text. It is UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.padded[1..=self.len]
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text with a space before it and at least [`PADDING`] after it.
    #[inline(always)]
    pub(super) fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// Blocks of the padded text, each `STEP` after the one before, with the place of their first byte. They
    /// cover the space before the text, the text, and the space after it.
    #[inline(always)]
    pub(super) fn blocks<const STEP: usize>(&self) -> impl Iterator<Item = (usize, &[u8; BLOCK])> {
        let covered = self.len + 2;
        (0..covered).step_by(STEP).map_while(|base| Some((base, self.padded[base..].first_chunk()?)))
    }

    /// The end of the places in the padded text where n-grams of `n` bytes start.
    #[inline(always)]
    pub(super) fn grams_end(&self, n: usize) -> usize {
        (self.len + 3).saturating_sub(n)
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

/// Appends normalised text: ASCII a block at once, anything else character by character.
fn append(out: &mut Vec<u8>, input: &str) {
    let mut rest = input;
    while let Some(block) = rest.as_bytes().first_chunk::<ASCII_BLOCK>() {
        let start = out.len();
        out.extend_from_slice(&block.map(fold_ascii));
        if block.is_ascii() {
            rest = &rest[ASCII_BLOCK..];
        } else {
            let ascii = ascii_prefix(block);
            out.truncate(start + ascii);
            rest = append_beyond_ascii(out, &rest[ascii..]);
        }
    }
    for character in rest.chars() {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => out.push(fold_ascii(byte)),
            _ => chars::append(out, character),
        }
    }
}

/// Appends the characters up to the next one of ASCII, and returns what follows.
fn append_beyond_ascii<'a>(out: &mut Vec<u8>, input: &'a str) -> &'a str {
    let mut characters = input.chars();
    loop {
        let rest = characters.as_str();
        match characters.next() {
            Some(character) if !character.is_ascii() => chars::append(out, character),
            _ => return rest,
        }
    }
}

/// How many bytes at the start of a block are ASCII.
fn ascii_prefix(block: &[u8; ASCII_BLOCK]) -> usize {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let (eights, _) = block.as_chunks::<8>();
    let lengths = eights.iter().map(|eight| (u64::from_le_bytes(*eight) & HIGH_BITS).trailing_zeros() as usize / 8);
    lengths.scan(true, |all, length| std::mem::replace(all, *all && length == 8).then_some(length)).sum()
}

/// Normalises one byte of ASCII. Arithmetic only, for blocks of it to become vector code.
#[inline(always)]
fn fold_ascii(byte: u8) -> u8 {
    let upper = byte.wrapping_sub(b'A') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    let control = (byte < b' ') | (byte == 0x7F);
    let letter = byte | u8::from(upper) << 5;
    let letter = if digit { b'0' } else { letter };
    if control { b' ' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FeatureSet, Namespace, samples};

    fn normalised(input: &str) -> String {
        let mut text = Text::new();
        text.normalise(input);
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn every_byte_of_ascii_is_normalised_as_documented() {
        for byte in 0..0x80_u8 {
            let expected = match byte {
                b'A'..=b'Z' => byte.to_ascii_lowercase(),
                b'0'..=b'9' => b'0',
                0..b' ' | 0x7F => b' ',
                _ => byte,
            };
            let input = char::from(byte).to_string();
            assert_eq!(normalised(&input).as_bytes(), [expected], "alone, byte {byte}");
            let block = input.repeat(ASCII_BLOCK);
            assert_eq!(normalised(&block).as_bytes(), [expected; ASCII_BLOCK], "in a block, byte {byte}");
        }
    }

    #[test]
    fn the_normalisation_is_frozen() {
        let golden = [
            ("", ""),
            ("Re: FREE money, 100% OFF", "re: free money, 000% off"),
            ("V\u{200B}i\u{AD}a\u{FE0F}g\u{2060}ra", "viagra"),
            ("ＰａｙＰａｌ！ ２０２６", "paypal! 0000"),
            ("𝗨𝗿𝗴𝗲𝗻𝘁 𝒶𝒸𝓉𝒾𝑜𝓃 𝟘𝟙", "urgent action 00"),
            ("Ⓕⓡⓔⓔ 🅵🆁🅴🅴 🅕🄵", "free free ff"),
            ("“Don’t” — wait…", "\"don't\" - wait."),
            ("ÀÉÎÕÜ ×÷ ß ÿ Þ", "àéîõü ×÷ ß ÿ þ"),
            ("ПРИВЕТ, Ёлка", "привет, ёлка"),
            ("ΑΒΓ Σίσυφος", "αβγ σίσυφος"),
            ("漢字、かな。한국어", "漢字.かな.한국어"),
            ("٣٤ ½ ①", "00 0 0"),
            ("a\u{A0}b\u{3000}c\u{2028}d\u{85}e", "a b c d e"),
            ("İ", "i\u{307}"),
            ("👍🏽 ok", "👍🏽 ok"),
        ];
        for (input, expected) in golden {
            assert_eq!(normalised(input), expected, "{input:?}");
        }
    }

    #[test]
    fn normalised_text_is_utf8_without_white_space_or_capitals() {
        for sample in samples::texts().chain(samples::characters()) {
            let text = normalised(&sample);
            let is_plain = |c: char| c == ' ' || !(c.is_whitespace() || c.is_ascii_uppercase() || c.is_control());
            assert!(text.chars().all(is_plain), "{sample:?} became {text:?}");
        }
    }

    #[test]
    fn normalising_twice_changes_nothing_more() {
        for sample in samples::texts().chain(samples::characters()) {
            let once = normalised(&sample);
            assert_eq!(normalised(&once), once, "{sample:?}");
        }
    }

    #[test]
    fn blocks_and_characters_are_normalised_alike() {
        for sample in samples::texts() {
            let one_by_one: String = sample.chars().map(|c| normalised(c.encode_utf8(&mut [0; 4]))).collect();
            assert_eq!(normalised(&sample), one_by_one, "{sample:?}");
        }
    }

    #[test]
    fn no_text_makes_an_index_out_of_range() {
        let mut text = Text::new();
        for bits in [1, 8, 13, 24] {
            let mut set = FeatureSet::new(bits);
            for sample in samples::characters().take(300) {
                set.clear();
                text.normalise(&sample);
                set.add_words_and_pairs(&text, Namespace::BODY);
                set.add_grams::<5>(&text, Namespace::BODY);
                set.add_token(&sample, Namespace::LINK);
                assert!(set.indices().iter().all(|index| index >> bits == 0));
            }
        }
    }

    #[test]
    fn a_buffer_that_held_a_longer_text_forgets_it() {
        let mut text = Text::new();
        let mut reused = FeatureSet::new(16);
        let mut fresh = FeatureSet::new(16);
        text.normalise(&"long words everywhere ".repeat(50));
        text.normalise("short");
        reused.add_words(&text, Namespace::BODY);
        text = Text::new();
        text.normalise("short");
        fresh.add_words(&text, Namespace::BODY);
        assert_eq!(reused.indices(), fresh.indices());
    }
}
