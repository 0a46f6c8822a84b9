//! [`Phrases`]: what unwanted mail says, found in one pass over the text.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use switchback_guest::Error;
use switchback_guest::features::Text;

mod table;

use table::PHRASES;

/// What a phrase is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The standard test string of spam filters, see <https://spamassassin.apache.org/gtube/>.
    Gtube,
    /// The reader is to enter or confirm credentials.
    Credentials,
    /// Something bad happens unless the reader acts.
    Threat,
    /// An inheritance, a fund, a stranger's millions.
    AdvanceFee,
    /// A payment is extorted.
    Extortion,
    /// Shop talk of bulk advertising.
    Selling,
    /// Medicine, loans, gambling and what else is sold that way.
    Goods,
    /// How not to get such mail again.
    Removal,
    /// That the message is not spam, or that a law allows it.
    Excuse,
    /// Where to click.
    ClickHere,
}

impl Topic {
    /// How many topics there are.
    const COUNT: usize = Self::ClickHere as usize + 1;
}

/// Finds the phrases of a fixed table in a text.
///
/// The text is normalised first, so that capitals, full-width letters, invisible characters and line
/// breaks hide nothing. The search automaton is built when the model is prepared.
#[derive(Debug)]
pub struct Phrases {
    automaton: AhoCorasick,
    text: Text,
    words: String,
}

impl Phrases {
    /// Builds the automaton.
    ///
    /// # Errors
    /// If the table has more phrases than an automaton or [`Topics`] has room for.
    pub fn new() -> Result<Self, Error> {
        if PHRASES.len() > u128::BITS as usize {
            return Err(format!("there are {} phrases, more than 128", PHRASES.len()).into());
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .build(PHRASES.iter().map(|(_, phrase)| phrase))
            .map_err(Error::new)?;
        Ok(Self { automaton, text: Text::with_capacity(16 * 1024), words: String::with_capacity(16 * 1024) })
    }

    /// The phrases that a text has.
    pub fn find(&mut self, text: &str) -> Topics {
        self.text.normalise(text);
        self.collapse_spaces();
        let found = self.automaton.find_overlapping_iter(&self.words);
        Topics::of(found.fold(0, |found, phrase| found | 1 << phrase.pattern().as_u32()))
    }

    /// Copies the words with one space between them, so that a line break may stand within a phrase.
    fn collapse_spaces(&mut self) {
        self.words.clear();
        let text = str::from_utf8(self.text.as_bytes()).unwrap_or_default();
        for word in text.split_ascii_whitespace() {
            self.words.push_str(word);
            self.words.push(' ');
        }
    }
}

/// How many different phrases of each topic a text has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Topics([u8; Topic::COUNT]);

impl Topics {
    /// Counts the phrases of a set: one bit for each of the table.
    fn of(mut phrases: u128) -> Self {
        let mut counts = [0; Topic::COUNT];
        while phrases != 0 {
            let (topic, _) = PHRASES[phrases.trailing_zeros() as usize];
            counts[topic as usize] += 1;
            phrases &= phrases - 1;
        }
        Self(counts)
    }

    /// How many different phrases of a topic were found.
    pub fn count(self, topic: Topic) -> usize {
        self.0[topic as usize].into()
    }

    /// Whether a phrase of a topic was found.
    pub fn has(self, topic: Topic) -> bool {
        self.count(topic) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Topics {
        Phrases::new().unwrap().find(text)
    }

    #[test]
    fn a_disguise_or_a_line_break_hides_no_phrase() {
        for text in ["verify your account", "VERIFY\r\n  your Account", "v\u{200b}erify your ａｃｃｏｕｎｔ"] {
            assert!(find(text).has(Topic::Credentials), "{text:?}");
        }
        assert!(!find("we verify accounts").has(Topic::Credentials));
    }

    #[test]
    fn a_phrase_counts_once() {
        assert_eq!(find("click here, click here, and click below").count(Topic::ClickHere), 2);
    }

    #[test]
    fn every_phrase_can_be_found() {
        for (topic, phrase) in PHRASES {
            assert!(find(phrase).has(*topic), "{phrase:?} is not in its normalised form");
        }
    }
}
