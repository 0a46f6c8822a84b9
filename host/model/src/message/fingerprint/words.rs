//! The words of a text that all copies of a campaign have in common.
//!
//! A *chunk* is a run of characters between white space; a *word* is a run of letters in a chunk. Letters of scripts
//! that set no space between words (Chinese, Japanese, Thai, ...) are words of their own, and chunks end there.

/// Letters of a word. Shorter ones are parts of names (`al`, `de`, `di`) and of what a machine made.
const WORD_LETTERS_MIN: usize = 3;
/// German compounds reach 30; what is longer was mostly made by a machine.
const WORD_LETTERS_MAX: usize = 30;
/// Consonants on end that no word has, or few, which are lost.
const CONSONANTS_MAX: usize = 4;

/// Bytes from a word of greeting on in which the end of the salutation is looked for.
const SALUTATION_BYTES_MAX: usize = 80;
/// Words of a salutation behind the word of greeting: `Dear Dr. Anna Maria Smith,`.
const SALUTATION_WORDS_MAX: usize = 5;

/// Which words are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Those that all copies have.
    Common,
    /// Whole chunks, whatever they are, but addresses and links.
    All,
}

/// Collects what is kept of texts.
pub(super) struct Words {
    keep: Keep,
    /// Each word with a space behind it.
    kept: String,
    count: usize,
}

impl Words {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, kept: String::new(), count: 0 }
    }

    /// The words in lower case, each with a space behind it.
    pub(super) fn kept(&self) -> &str {
        &self.kept
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Adds the words of a text.
    pub(super) fn add(&mut self, text: &str) {
        self.kept.reserve(text.len());
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let end = chunk_end(rest);
            let chunk = &rest[..end];
            let salutation = if is_greeting(chunk) { salutation(rest) } else { None };
            if salutation.is_none() {
                self.add_chunk(chunk);
            }
            rest = rest[salutation.unwrap_or(end)..].trim_start();
        }
    }

    fn add_chunk(&mut self, chunk: &str) {
        match self.keep {
            Keep::Common if chunk.is_ascii() => self.add_spaced(chunk),
            Keep::Common => self.add_pieces(chunk),
            Keep::All if is_elsewhere(chunk) => {}
            Keep::All => self.add_whole(chunk),
        }
    }

    fn add_whole(&mut self, chunk: &str) {
        self.kept.extend(chunk.chars().flat_map(char::to_lowercase));
        self.end_word();
    }

    /// Adds letters of unspaced scripts one by one, and what is between them.
    fn add_pieces(&mut self, chunk: &str) {
        for piece in chunk.split_inclusive(is_unspaced) {
            let last = piece.chars().next_back().filter(|last| is_unspaced(*last));
            self.add_spaced(&piece[..piece.len() - last.map_or(0, char::len_utf8)]);
            if let Some(letter) = last {
                self.kept.push(letter);
                self.end_word();
            }
        }
    }

    /// Adds a chunk without letters of unspaced scripts.
    fn add_spaced(&mut self, chunk: &str) {
        // Most are: this is what makes it fast.
        if chunk.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return self.add_word(chunk);
        }
        if is_variable(chunk) {
            return;
        }
        let before = (self.kept.len(), self.count);
        for word in chunk.split(|c: char| !c.is_alphabetic() && !is_invisible(c)) {
            if is_capitalised(word) {
                // With the rest of the name: `al-Sayed`.
                self.kept.truncate(before.0);
                self.count = before.1;
                return;
            }
            self.add_word(word);
        }
    }

    fn add_word(&mut self, word: &str) {
        let start = self.kept.len();
        if word.is_ascii() {
            self.kept.push_str(word);
            self.kept[start..].make_ascii_lowercase();
        } else {
            self.kept.extend(word.chars().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase));
        }
        let added = &self.kept[start..];
        let letters = if added.is_ascii() { added.len() } else { added.chars().count() };
        if (WORD_LETTERS_MIN..=WORD_LETTERS_MAX).contains(&letters) && !is_noise(added) {
            self.end_word();
        } else {
            self.kept.truncate(start);
        }
    }

    fn end_word(&mut self) {
        self.kept.push(' ');
        self.count += 1;
    }
}

/// Where the chunk ends that a text begins with.
fn chunk_end(text: &str) -> usize {
    let plain = text.bytes().take_while(|byte| matches!(byte, b'!'..=b'~')).count();
    text[plain..].find(char::is_whitespace).map_or(text.len(), |end| plain + end)
}

/// Whether a chunk is an address or a link: of links it is looked elsewhere where they lead.
fn is_elsewhere(chunk: &str) -> bool {
    chunk.contains('@') || chunk.contains("://")
}

/// Whether a chunk is of the kind that differs between the copies of a campaign: with a digit (numbers, dates, prices,
/// identifiers), with an address, with a dot or an underscore between letters (the name of a host, a mailbox, a file),
/// or a link, which is looked at elsewhere.
fn is_variable(chunk: &str) -> bool {
    let bytes = chunk.as_bytes();
    let is_joint = |at: usize| {
        let beside = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
        at > 0 && beside(at - 1) && beside(at + 1)
    };
    let differs = bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'0'..=b'9' | b'@' => true,
        b'.' | b'_' => is_joint(at),
        b':' => bytes[at..].starts_with(b"://"),
        _ => false,
    });
    differs || (!chunk.is_ascii() && chunk.contains(char::is_numeric))
}

/// Whether a word begins with a capital and goes on in small letters, as names do: of whoever it is sent to, of days and
/// months. All such words are left out, not the recipient's alone: `bill` would be lost in the copy that Bill gets.
fn is_capitalised(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}

/// Whether a word was made by a machine: five consonants on end, as in `xkqzt`.
fn is_noise(word: &str) -> bool {
    let mut consonants = 0;
    word.bytes().any(|byte| {
        let is_consonant = byte.is_ascii_lowercase() && !matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        consonants = if is_consonant { consonants + 1 } else { 0 };
        consonants > CONSONANTS_MAX
    })
}

/// Whether a chunk begins a salutation.
fn is_greeting(chunk: &str) -> bool {
    const LETTERS_MAX: usize = 9;
    let word = chunk.trim_matches(|c: char| !c.is_alphabetic()).as_bytes();
    let mut lower = [0; LETTERS_MAX];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    matches!(
        &*lower,
        b"dear"
            | b"hi"
            | b"hello"
            | b"hey"
            | b"greetings"
            | b"attn"
            | b"attention"
            | b"hallo"
            | b"liebe"
            | b"lieber"
            | b"geehrte"
            | b"geehrter"
            | b"bonjour"
            | b"cher"
            | b"hola"
            | b"estimado"
            | b"estimada"
            | b"caro"
            | b"prezado"
            | b"ciao"
    )
}

/// How many bytes the salutation has that a text begins with; none if it does not end soon. It ends with a comma, colon,
/// semicolon or exclamation mark, or before an empty line.
fn salutation(text: &str) -> Option<usize> {
    let mut words = 0;
    let mut last = ' ';
    for (at, c) in text.char_indices().take_while(|(at, _)| *at < SALUTATION_BYTES_MAX) {
        match c {
            ',' | ':' | ';' | '!' => return Some(at + 1),
            '\n' if last == '\n' => return Some(at),
            _ if c.is_whitespace() && !last.is_whitespace() => words += 1,
            _ => {}
        }
        if words > SALUTATION_WORDS_MAX {
            return None;
        }
        last = c;
    }
    None
}

/// Whether a letter belongs to a script that sets no space between words: each is then a word.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{e00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && letter.is_alphabetic()
}

/// Whether a character is not shown, and only breaks up words for who does not look.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(keep: Keep, text: &str) -> String {
        let mut words = Words::new(keep);
        words.add(text);
        assert_eq!(words.count(), words.kept().split(' ').count() - 1);
        words.kept().trim_end().to_owned()
    }

    fn common(text: &str) -> String {
        kept(Keep::Common, text)
    }

    #[test]
    fn what_differs_between_copies_is_left_out() {
        assert_eq!(common("pay 12.50 by 3rd order A-77-B, not later"), "pay order not later");
        assert_eq!(common("write to me@x.example or john.doe, see http://x.example/a www.x.example"), "write see");
        assert_eq!(
            common("your parcel, Anna Kowalska, waits; also for Fatima al-Sayed and O'Brien"),
            "your parcel waits also for and"
        );
        assert_eq!(common("code xkqzt and \u{663}\u{664} remain"), "code and remain");
        assert_eq!(common(&format!("a to {} end", "x".repeat(10_000))), "end");
    }

    #[test]
    fn a_salutation_is_left_out_wherever_its_lines_end() {
        for greeting in [
            "Dear Anna,",
            "dear\nanna smith,",
            "Hello,",
            "HI THERE ANNA!",
            "Sehr geehrte frau kowalska:",
            "*Hey* anna\n\n",
        ] {
            assert_eq!(
                common(&format!("{greeting} the parcel waits")).replace("sehr ", ""),
                "the parcel waits",
                "{greeting}"
            );
        }
        assert_eq!(
            common("Hello to everybody who wants to read this text, and more"),
            "everybody who wants read this text and more"
        );
    }

    #[test]
    fn shouting_is_read_and_case_does_not_matter() {
        assert_eq!(common("URGENT offer FOR you"), common("urgent OFFER for YOU"));
    }

    #[test]
    fn letters_of_unspaced_scripts_are_words() {
        assert_eq!(common("请在2024年12月点击 这里"), "请 在 年 月 点 击 这 里");
        assert_eq!(common("ご確認ください。order"), "ご 確 認 く だ さ い order");
    }

    #[test]
    fn invisible_characters_do_not_break_words() {
        assert_eq!(common("ver\u{200b}ify your ac\u{ad}count"), "verify your account");
    }

    #[test]
    fn taken_literally_all_counts_but_addresses_and_links() {
        assert_eq!(kept(Keep::All, "Order 77 \u{a0} is\tReady me@x.example http://x.example/1"), "order 77 is ready");
    }
}
