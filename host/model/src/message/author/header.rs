//! Where a header says who a message is from: every field that some program takes for `From`.
//!
//! The whole header block is looked at, up to the first line that is empty for every reader. A field behind more than are
//! read of a header is found, but other programs have limits as well.

use memchr::{memchr_iter, memchr2, memmem};
use smallvec::SmallVec;

use super::Doubt;
use crate::message::fields::{Field, line_end, without_break};
use crate::message::layout::Layout;
use crate::message::limits::{FIELDS_READ_MAX, FROM_FIELDS_MAX};

/// The `From` fields of a header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// Their values as they are, folds included.
    pub(super) values: SmallVec<[&'a [u8]; 2]>,
    /// Set if some program does not see the field, or sees another.
    pub(super) doubt: Option<Doubt>,
    /// Whether there are no more than these.
    pub(super) is_complete: bool,
}

/// Finds the fields in the header of a message, which has been read once already.
pub(super) fn find<'a>(bytes: &'a [u8], layout: &Layout) -> Found<'a> {
    match layout.is_plain && !has_odd_break(&bytes[..layout.body_start]) {
        true => of_fields(bytes, layout),
        false => of_lines(bytes),
    }
}

/// Finds the fields in a header in which every reader finds the same ones: what [`of_lines`] finds, without a look at each
/// line.
fn of_fields<'a>(bytes: &'a [u8], layout: &Layout) -> Found<'a> {
    let mut found = Found { is_complete: true, ..Found::default() };
    let is_from = |field: &&Field| bytes[field.name.clone()].eq_ignore_ascii_case(b"from");
    for field in layout.fields.iter().filter(is_from) {
        found.keep(&bytes[field.value.clone()], None);
    }
    found.note_breaks(&bytes[..layout.body_start], memchr_iter(b'\r', &bytes[..layout.body_start]).count());
    found
}

/// Finds the fields in the header that a message begins with.
fn of_lines(bytes: &[u8]) -> Found<'_> {
    let (found, header) = read::<false>(bytes);
    // Hardly any header has one: all of it is looked at at once for them.
    if has_odd_break(header) { read::<true>(bytes).0 } else { found }
}

/// Finds the fields in a header that has, or does not have, control characters that are line breaks for some programs. Also
/// gives the header.
fn read<const HAS_ODD_BREAK: bool>(bytes: &[u8]) -> (Found<'_>, &[u8]) {
    let mut found = Found { is_complete: true, ..Found::default() };
    // Whether some program took the header for ended before this line.
    let mut may_have_ended = false;
    let mut is_blank_so_far = true;
    let mut fields = 0;
    let mut position = 0;
    while position < bytes.len() {
        let start = position;
        let first = line_end(bytes, start);
        let line = without_break(&bytes[start..first]);
        // Programs that skip blank lines at the beginning find the header after them.
        if line.is_empty() && !is_blank_so_far {
            position = first;
            break;
        }
        let has_blank_fold;
        (position, has_blank_fold) = folded_end(bytes, first);
        let whole = without_break(&bytes[start..position]);
        is_blank_so_far = is_blank_so_far && is_blank(whole);
        found.note_field(whole, may_have_ended || fields >= FIELDS_READ_MAX);
        fields += 1;
        if HAS_ODD_BREAK {
            found.note_hidden(whole);
        }
        if !may_have_ended {
            let is_envelope = start == 0 && line.starts_with(b"From ");
            let is_sound = if HAS_ODD_BREAK { is_sound(whole) } else { is_field(line) && !has_blank_fold };
            may_have_ended = !is_envelope && !is_sound;
        }
    }
    let header = &bytes[..position];
    let with_cr = match HAS_ODD_BREAK {
        true => memmem::find_iter(header, b"\r\n").count(),
        // There is no other.
        false => memchr_iter(b'\r', header).count(),
    };
    found.note_breaks(header, with_cr);
    (found, header)
}

/// Where the field ends whose first line ends at `end`, and whether one of its folds is blank. An empty line ends it for
/// every reader.
fn folded_end(bytes: &[u8], mut end: usize) -> (usize, bool) {
    let mut has_blank_fold = false;
    while matches!(bytes.get(end), Some(b' ' | b'\t')) {
        let start = end;
        end = line_end(bytes, start);
        has_blank_fold |= is_blank(&bytes[start..end]);
    }
    (end, has_blank_fold)
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

/// Whether a line begins a field for every reader (RFC 5322, section 2.2).
fn is_field(line: &[u8]) -> bool {
    let is_of_name = |byte: &u8| (b'!'..=b'~').contains(byte) && *byte != b':';
    let end = line.iter().position(|byte| !is_of_name(byte));
    end.is_some_and(|end| end > 0 && line[end] == b':')
}

/// Whether no program takes the header for ended in one of a field's lines: at one that is blank, or begins no field and
/// is no fold.
fn is_sound(whole: &[u8]) -> bool {
    let is_fold = |line: &[u8]| line.starts_with(b" ") || line.starts_with(b"\t");
    let mut lines = lines(whole);
    lines.next().is_some_and(is_field) && lines.all(|line| if is_fold(line) { !is_blank(line) } else { is_field(line) })
}

/// The lines of a field for a program that takes a CR alone for a line break, too.
fn lines(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(field);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr2(b'\r', b'\n', text);
        rest = end.map(|end| text[end..].strip_prefix(b"\r\n").unwrap_or(&text[end + 1..]));
        Some(&text[..end.unwrap_or(text.len())])
    })
}

impl<'a> Found<'a> {
    /// Keeps a field if some program takes it for `From`.
    fn note_field(&mut self, whole: &'a [u8], may_have_ended: bool) {
        let Some(colon) = from_colon(whole) else { return };
        let is_plain = colon == b"from".len() && !may_have_ended && is_sound(whole);
        self.keep(&whole[colon + 1..], (!is_plain).then_some(Doubt::Header));
    }

    /// Keeps what comes after a control character inside a field, which is a line break for some programs, and begins
    /// with `From:`.
    fn note_hidden(&mut self, whole: &'a [u8]) {
        if !has_odd_break(whole) {
            return;
        }
        let is_printable = |byte: &u8| (b'!'..=b'~').contains(byte);
        let mut at = 0;
        while let Some(length) = whole[at..].iter().position(|byte| !is_printable(byte)) {
            let start = at + length;
            at = whole[start..].iter().position(is_printable).map_or(whole.len(), |length| start + length);
            // What is not printable is dropped from a name, so one look for each run of it suffices.
            if let Some(colon) = from_colon(&whole[at..]).filter(|_| has_odd_break(&whole[start..at])) {
                self.keep(&whole[at + colon + 1..], Some(Doubt::Header));
            }
        }
    }

    /// Lines end in two ways: programs for which only one of them ends a line see another header.
    fn note_breaks(&mut self, header: &[u8], with_cr: usize) {
        if with_cr > 0 && with_cr < memchr_iter(b'\n', header).count() {
            self.doubt = self.doubt.or(Some(Doubt::Header));
            self.is_complete = false;
        }
    }

    fn keep(&mut self, value: &'a [u8], doubt: Option<Doubt>) {
        if self.values.len() == FROM_FIELDS_MAX {
            self.is_complete = false;
            return;
        }
        self.values.push(value);
        self.doubt = self.doubt.or(doubt);
    }
}

/// Line breaks of Unicode, at which Python's `str.splitlines` ends a line too: U+0085, U+2028, U+2029.
const UNICODE_BREAKS: [&str; 3] = ["\u{85}", "\u{2028}", "\u{2029}"];

/// Whether there is a control character that is neither a tab nor a line break as it should be.
fn has_odd_break(run: &[u8]) -> bool {
    // Every byte is looked at, so that many are at once.
    let is_odd = |byte: u8| byte.is_ascii_control() & !matches!(byte, b'\t' | b'\n' | b'\r');
    let behind = run.get(1..).unwrap_or_default();
    let is_odd_before = |(byte, next): (&u8, &u8)| is_odd(*byte) | ((*byte == b'\r') & (*next != b'\n'));
    run.iter().zip(behind).fold(false, |odd, pair| odd | is_odd_before(pair))
        || run.last().is_some_and(|byte| is_odd(*byte) || *byte == b'\r')
        || (!run.is_ascii() && UNICODE_BREAKS.iter().any(|known| memmem::find(run, known.as_bytes()).is_some()))
}

/// Where the colon is, if a field is called `From` by a program that drops what is not printable from its name.
fn from_colon(whole: &[u8]) -> Option<usize> {
    let mut name = b"from".iter();
    for (at, byte) in whole.iter().enumerate() {
        match byte {
            b':' => return name.as_slice().is_empty().then_some(at),
            b'!'..=b'~' if name.next() != Some(&byte.to_ascii_lowercase()) => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(header: &str) -> (Vec<&str>, Option<Doubt>) {
        let found = find(header.as_bytes(), &Layout::of(header.as_bytes()));
        assert_eq!(found, of_lines(header.as_bytes()), "{header:?}");
        (found.values.iter().map(|value| std::str::from_utf8(value).unwrap()).collect(), found.doubt)
    }

    #[test]
    fn the_one_field_of_a_sound_header_is_found() {
        assert_eq!(values("A: 1\r\nfROM: a\r\nB: 2\r\n\r\nFrom: b\r\n"), (vec![" a"], None));
        assert_eq!(values("From: a\n\tb\nB: 2"), (vec![" a\n\tb"], None));
        assert_eq!(values("From me Thu Jan  1 00:00:00 1970\nFrom: a\n\n"), (vec![" a"], None));
        assert_eq!(values("Resent-From: x\nSender: y\n\n"), (vec![], None));
        assert_eq!(values(""), (vec![], None));
    }

    #[test]
    fn every_field_of_any_reader_is_found() {
        let header = Some(Doubt::Header);
        for (text, found) in [
            ("From: a\nFrom: b\n\n", (vec![" a", " b"], None)),
            ("From : a\nFrom: b\n\n", (vec![" a", " b"], header)),
            (" From: a\nFrom: b\n\n", (vec![" a", " b"], header)),
            ("stray\nFrom: a\n\n", (vec![" a"], header)),
            ("A: 1\nFrom me Thu\nFrom: a\n\n", (vec![" a"], header)),
            ("\r\n\r\nFrom: a\n\n", (vec![" a"], header)),
            ("A: 1\n \nFrom: a\n\n", (vec![" a"], header)),
            ("A: 1\r\n\r\r\nFrom: a\r\n\r\n", (vec![" a"], header)),
            ("A: 1\rFrom: a\nB: 2\n\n", (vec![" a"], header)),
            ("A: 1\0From: a\nFrom: b\n\n", (vec![" a", " b"], header)),
            ("A: 1\u{2028}From: a\nFrom: b\n\n", (vec![" a", " b"], header)),
            ("A: 1\u{85}From: a\n\n", (vec![" a"], header)),
            ("Fr\0om: a\n\n", (vec![" a"], header)),
            ("From\n : a\n\n", (vec![" a"], header)),
            ("X: 1\nFrom: a\n\r\nFrom: b\r\n", (vec![" a"], header)),
            ("From: a\n \n b\n\n", (vec![" a\n \n b"], header)),
        ] {
            assert_eq!(values(text), found, "{text:?}");
        }
    }

    #[test]
    fn what_comes_after_the_field_raises_no_doubt() {
        assert_eq!(values("From: a\nstray\nB: 2\n\n"), (vec![" a"], None));
        assert_eq!(values("From: a\nB: 1\rC: 2\n\n"), (vec![" a"], None));
    }

    #[test]
    fn a_field_behind_any_number_of_others_is_found() {
        let long = format!("{}From: a\n\n", "X: y\n".repeat(10_000));
        assert_eq!(values(&long), (vec![" a"], Some(Doubt::Header)));
        let many = "From: a\n".repeat(FROM_FIELDS_MAX + 1);
        let found = find(many.as_bytes(), &Layout::of(many.as_bytes()));
        assert_eq!((found.values.len(), found.is_complete), (FROM_FIELDS_MAX, false));
    }

    #[test]
    fn what_many_control_characters_and_blank_lines_cost_is_linear() {
        // Quadratic, either would take minutes.
        let controls = format!("X: {}\nFrom: a\n\n", "\x0b".repeat(4_000_000));
        assert_eq!(values(&controls).0, [" a"]);
        let blank = format!("{}From: a\n\n", "\n".repeat(4_000_000));
        assert_eq!(values(&blank), (vec![" a"], Some(Doubt::Header)));
    }
}
