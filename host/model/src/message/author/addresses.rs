//! Every address that some program finds in a `From` field that programs read in different ways.
//!
//! Rather than imitating each program, this takes every text around an `@`, in each of the ways in which programs
//! prepare a value: whatever a program shows, it shows something that stands there. Text in quotes and comments counts
//! too, because some programs do not know those.

use std::borrow::Cow;

use crate::message::address::{Mailbox, ascii_domain};
use crate::message::charset::Charset;
use crate::message::limits::{AT_SIGNS_MAX, CANDIDATES_MAX, FIELD_BYTES_READ_MAX, MAILBOX_BYTES_MAX};
use crate::message::value;

/// The addresses that were found, each once.
#[derive(Debug, Default)]
pub(super) struct Readings {
    found: Vec<String>,
    is_cut: bool,
}

impl Readings {
    /// Adds what any program finds in a value.
    pub(super) fn read(&mut self, value: &[u8]) {
        self.is_cut |= value.len() > FIELD_BYTES_READ_MAX;
        let value = &value[..value.len().min(FIELD_BYTES_READ_MAX)];
        let text = unfolded(value);
        self.read_text(&text);
        if text.contains("=?") {
            let decoded = value::text(value, usize::MAX).0;
            self.read_text(&decoded);
            // What a program makes of a word that is not exact, or that is glued to something, nobody can tell; nor of
            // one that is decoded twice.
            self.is_cut |= !are_words_exact(&text) || decoded.contains("=?");
        }
    }

    /// Adds what any program finds in a text: as it stands, with its characters normalised, and without its control
    /// characters, each of which ends the value, is dropped, or is a space.
    fn read_text(&mut self, text: &str) {
        self.read_forms(text);
        let normalised: Cow<'_, str> = match text.is_ascii() {
            true => text.into(),
            false => text.chars().map(normalised).collect(),
        };
        if normalised != text {
            self.read_forms(&normalised);
        }
        let is_odd = |c: char| c.is_control() && c != '\t';
        if normalised.contains(is_odd) {
            self.read_forms(&normalised.replace(is_odd, ""));
        }
    }

    fn read_forms(&mut self, text: &str) {
        self.find_in(text);
        // Comments and spaces inside an address mean nothing (RFC 5322, section 4.4), and folds neither.
        if text.contains(|c: char| c == '(' || c.is_whitespace()) {
            let plain = without_comments(text);
            self.find_in(&joined(&plain));
            if plain != text {
                self.find_in(&joined(text));
            }
        }
        // Nor does everybody take these for the end of an address.
        if text.contains(is_dropped) {
            self.find_in(&text.replace(is_dropped, ""));
        }
    }

    /// Whether there are no more addresses than these.
    pub(super) fn is_complete(&self) -> bool {
        !self.is_cut
    }

    pub(super) fn into_mailboxes(self) -> Vec<Mailbox> {
        self.found.iter().map(|address| Mailbox::new("", address)).collect()
    }

    /// Takes the text around every `@`.
    fn find_in(&mut self, text: &str) {
        for (number, (at, _)) in text.match_indices('@').enumerate() {
            self.is_cut |= number == AT_SIGNS_MAX;
            if number == AT_SIGNS_MAX || (self.found.len() == CANDIDATES_MAX && self.is_cut) {
                return;
            }
            let local = local(&text[..at]);
            let domain = domain(&text[at + 1..]);
            self.add(local, domain);
            // Characters that are no letters are dropped by one program and end the domain for another.
            let plain = domain.find(|c: char| !c.is_ascii() && !c.is_alphanumeric());
            if let Some(end) = plain {
                self.add(local, domain[..end].trim_end_matches('.'));
            }
        }
    }

    fn add(&mut self, local: &str, domain: &str) {
        if domain.is_empty() {
            return;
        }
        // No rule can name so long a domain, and bringing one to its normal form costs much.
        if domain.len() > MAILBOX_BYTES_MAX {
            self.is_cut = true;
            return;
        }
        let address = format!("{local}@{}", ascii_domain(domain));
        if self.found.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
            return;
        }
        if self.found.len() == CANDIDATES_MAX {
            self.is_cut = true;
            return;
        }
        self.found.push(address);
    }
}

/// What some programs drop, and others end an address at.
fn is_dropped(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\\' | '"')
}

/// A character that becomes an `@`, a dot or another of ASCII once it is normalised, as that one (Unicode Standard Annex
/// 15, NFKC; for the ideographic full stops Unicode Technical Standard 46, section 4).
fn normalised(c: char) -> char {
    /// From a full-width form to its character of ASCII.
    const WIDTH: u32 = 0xFEE0;
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - WIDTH).unwrap_or(c),
        '\u{FE6B}' => '@',
        '\u{2024}' | '\u{FE52}' | '\u{3002}' | '\u{FF61}' => '.',
        _ => c,
    }
}

/// Whether some program finds an address in a text that is not this one. What is an `@` with spaces around it, or with
/// nothing before it, is prose where no dot follows (`Team @ Acme`): a domain that mail comes from has one.
pub(super) fn holds_another(text: &str, address: &str) -> bool {
    let mut readings = Readings::default();
    readings.find_in(text);
    let as_it_stands = readings.found.len();
    readings.read_text(text);
    let is_another = |(number, found): (usize, &String)| {
        let (local, domain) = found.rsplit_once('@').unwrap_or_default();
        let is_prose = !domain.contains(['.', '[']) && (local.is_empty() || number >= as_it_stands);
        !is_prose && !found.eq_ignore_ascii_case(address)
    };
    readings.is_cut || readings.found.iter().enumerate().any(is_another)
}

/// Whether each encoded word of a text is decoded alike everywhere: it stands for itself, its character set is known and
/// has ASCII's characters where ASCII has them, and its text is base64 or quoted-printable as it should be (RFC 2047,
/// section 2).
pub(super) fn are_words_exact(text: &str) -> bool {
    let mut rest = text;
    let mut before = ' ';
    while let Some(start) = rest.find("=?") {
        before = rest[..start].chars().next_back().unwrap_or(before);
        let mut parts = rest[start + 2..].splitn(3, '?');
        let (Some(charset), Some(encoding), Some(behind)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let Some((word, behind)) = behind.split_once("?=") else { return false };
        let charset = charset.split('*').next().unwrap_or_default();
        let is_known = is_of_label(charset) && Charset::of(charset).is_some_and(is_known_to_all);
        let is_exact = match encoding {
            "B" | "b" => is_base64(word),
            "Q" | "q" => is_quoted(word),
            _ => false,
        };
        let after = behind.chars().next().unwrap_or(' ');
        let is_alone =
            (before.is_whitespace() || "(\"".contains(before)) && (after.is_whitespace() || ")\"<".contains(after));
        if !(is_known && is_exact && is_alone) {
            return false;
        }
        (before, rest) = ('?', behind);
    }
    true
}

fn is_of_label(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+()".contains(&byte))
}

/// Whether a program that does not know a character set still finds the same ASCII in it. Of those with a state every
/// program knows ISO-2022-JP, which is how much Japanese mail is written (RFC 1468).
fn is_known_to_all(charset: Charset) -> bool {
    matches!(charset, Charset::Utf8 | Charset::OneByte(_) | Charset::ManyBytes(_))
}

fn is_base64(word: &str) -> bool {
    let digits = word.trim_end_matches('=');
    word.len() - digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

fn is_quoted(word: &str) -> bool {
    let is_hex = |pair: &[u8]| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
    let mut pieces = word.split('=');
    let first = pieces.next().unwrap_or_default();
    !first.contains(' ') && pieces.all(|piece| is_hex(&piece.as_bytes()[..piece.len().min(2)]))
}

/// A value in one line (RFC 5322, section 2.2.3).
pub(super) fn unfolded(value: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value);
    if text.contains('\n') { text.replace("\r\n", "").replace('\n', "").into() } else { text }
}

/// What stands before an `@`: a quoted string, or as much as is no space and no bracket.
fn local(before: &str) -> &str {
    if let Some(quoted) = before.strip_suffix('"') {
        return quoted.rsplit_once('"').map_or("", |(_, local)| local);
    }
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c);
    before.rsplit_once(ends).map_or(before, |(_, local)| local)
}

/// What stands behind an `@`: an address literal, in which no bracket is (RFC 5322, section 3.4.1), or as much as can be in
/// a domain.
fn domain(behind: &str) -> &str {
    if let Some(inner) = behind.strip_prefix('[') {
        let end = inner.find(['[', ']']).filter(|end| inner[*end..].starts_with(']'));
        return end.map_or("", |end| &behind[..end + "[]".len()]);
    }
    let continues = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
        false => !c.is_whitespace() && !c.is_control(),
    };
    let end = behind.find(|c| !continues(c)).unwrap_or(behind.len());
    behind[..end].trim_end_matches('.')
}

/// A text without its comments. One that never closes is text.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains(['(', ')']) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut opened = Vec::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if !opened.is_empty() => {
                kept.extend(characters.next());
            }
            '(' => opened.push(kept.len()),
            ')' => {
                if let Some(start) = opened.pop() {
                    kept.truncate(start);
                }
            }
            _ => kept.push(c),
        }
    }
    Cow::Owned(kept)
}

/// A text without spaces around the dots and the `@` of its addresses.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for c in text.chars() {
        let is_joint = |c: char| matches!(c, '.' | '@');
        if is_joint(c) {
            joined.truncate(joined.trim_end().len());
        }
        if !c.is_whitespace() || !joined.ends_with(is_joint) {
            joined.push(c);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_literals_that_never_close_cost_is_linear() {
        // Quadratic, it would take minutes.
        let text = "@[".repeat(2_000_000);
        assert!(text.match_indices('@').all(|(at, _)| domain(&text[at + 1..]).is_empty()));
        assert_eq!(domain("[192.0.2.1] x"), "[192.0.2.1]");
    }
}
