//! Header field values: unfolding, parameters, dates. Encoded words are in `encoded_words.rs`, mailboxes that are written as
//! most are in `plain.rs`.
//!
//! mail-parser does the reading. It is given one bounded field at a time, because its readers of
//! parameters are quadratic in the number of parameters and want a line break at the end.

mod plain;

use std::borrow::Cow;
use std::sync::Arc;

use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, ContentType, HeaderValue};
use memchr::memmem;
use smallvec::SmallVec;

use super::content::cut;
use super::encoded_words;
use super::fields::without_break;
use super::limits::{FIELD_BYTES_READ_MAX, PARAMETER_BYTES_READ_MAX};
pub(super) use plain::PlainMailbox;
#[cfg(test)]
pub(super) use plain::samples;

/// A field value that is ready to be read: at most so many bytes, ending in a line break.
struct Prepared(SmallVec<[u8; PREPARED_BYTES]>);

/// Bytes of a value for which no memory is allocated: most fields have fewer.
const PREPARED_BYTES: usize = 256;

impl Prepared {
    fn new(value: &[u8], bytes_max: usize) -> Self {
        let kept = &value[..value.len().min(bytes_max)];
        let mut bytes = SmallVec::with_capacity(kept.len() + 1);
        bytes.extend_from_slice(without_break(kept));
        bytes.push(b'\n');
        Self(bytes)
    }

    fn read<T>(&self, read: impl FnOnce(&mut MessageStream<'_>) -> T) -> T {
        read(&mut MessageStream::new(&self.0))
    }
}

/// Decodes an unstructured value to at most `bytes_max` bytes. Says whether something was cut.
pub(super) fn text(value: &[u8], bytes_max: usize) -> (Arc<str>, bool) {
    let read = &value[..value.len().min(FIELD_BYTES_READ_MAX)];
    let has_encoded_words = memmem::find(read, b"=?").is_some();
    let decoded = match std::str::from_utf8(read) {
        Ok(plain) if !has_encoded_words => unfolded(plain),
        _ => Cow::Owned(Prepared::new(&encoded_words::unified(read), usize::MAX).read(|stream| {
            match stream.parse_unstructured() {
                HeaderValue::Text(text) => text.into_owned(),
                _ => String::new(),
            }
        })),
    };
    let kept = cut(&decoded, bytes_max);
    (kept.into(), read.len() < value.len() || kept.len() < decoded.len())
}

/// The lines of a value joined by a space each, as mail-parser does it where there are encoded words.
fn unfolded(value: &str) -> Cow<'_, str> {
    let value = value.trim_matches(is_space);
    if !value.contains('\n') {
        return Cow::Borrowed(value);
    }
    let mut unfolded = String::with_capacity(value.len());
    for line in value.split('\n').map(|line| line.trim_matches(is_space)).filter(|line| !line.is_empty()) {
        if !unfolded.is_empty() {
            unfolded.push(' ');
        }
        unfolded.push_str(line);
    }
    Cow::Owned(unfolded)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Calls `each` with the display name and the address of every mailbox of a structured value (RFC
/// 5322, section 3.4), groups flattened, until it says that it has enough.
pub(super) fn mailboxes(value: &[u8], mut each: impl FnMut(&str, &str) -> bool) {
    if let Some(plain) = PlainMailbox::of(value) {
        each(plain.name, plain.address);
    } else {
        parsed_mailboxes(value, each);
    }
}

/// The same by mail-parser.
fn parsed_mailboxes(value: &[u8], mut each: impl FnMut(&str, &str) -> bool) {
    let read = &value[..value.len().min(FIELD_BYTES_READ_MAX)];
    let prepared = Prepared::new(&encoded_words::unified(read), usize::MAX);
    prepared.read(|stream| {
        let HeaderValue::Address(address) = stream.parse_address() else { return };
        let mut visit = |addresses: &[Addr<'_>]| {
            addresses
                .iter()
                .all(|found| each(found.name.as_deref().unwrap_or(""), found.address.as_deref().unwrap_or("")))
        };
        match &address {
            Address::List(list) => visit(list),
            Address::Group(groups) => groups.iter().all(|group| visit(&group.addresses)),
        };
    });
}

/// The time that a date value states (RFC 5322, section 3.3, with its obsolete forms), in seconds
/// since 1970-01-01 UTC.
pub(super) fn date(value: &[u8]) -> Option<i64> {
    let prepared = Prepared::new(value, PARAMETER_BYTES_READ_MAX);
    prepared.read(|stream| match stream.parse_date() {
        // A leap second is read as the second before it.
        HeaderValue::DateTime(mut date) => {
            date.second = date.second.min(59);
            date.is_valid().then(|| date.to_timestamp())
        }
        _ => None,
    })
}

/// Reads a value with parameters (RFC 2045, section 5.1; RFC 2231; also encoded words, which are not
/// allowed there and are common).
pub(super) fn parameters<T>(value: &[u8], read: impl FnOnce(&ContentType<'_>) -> T) -> Option<T> {
    let prepared = Prepared::new(value, PARAMETER_BYTES_READ_MAX);
    prepared.read(|stream| match stream.parse_content_type() {
        HeaderValue::ContentType(parsed) => Some(read(&parsed)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    fn decoded(value: &str) -> String {
        text(value.as_bytes(), 1_000).0.to_string()
    }

    #[test]
    fn values_are_unfolded_and_decoded() {
        assert_eq!(decoded("  plain  "), "plain");
        assert_eq!(decoded(" one\r\n  two\r\n \r\n\tthree"), "one two three");
        assert_eq!(decoded(" one\r\n  two\r\n \r\n\tthree =?utf-8?q?4?="), "one two three 4");
        assert_eq!(decoded(" =?utf-8?q?caf=C3=A9?= au =?iso-8859-1?b?bGFpdA==?="), "café au lait");
        assert_eq!(decoded(" =?utf-8?q?broken"), "=?utf-8?q?broken");
        assert_eq!(text(b" \xff\xfe", 100).0, "\u{fffd}\u{fffd}".into());
    }

    #[test]
    fn a_cut_value_says_so() {
        assert_eq!(text(b" abcdef", 3), ("abc".into(), true));
        assert_eq!(text(b" =?utf-8?q?abcdef?=", 3), ("abc".into(), true));
        let endless = format!(" a\n {}b", " ".repeat(FIELD_BYTES_READ_MAX));
        assert_eq!(text(endless.as_bytes(), 100), ("a".into(), true));
    }

    #[test]
    fn dates_of_all_forms_are_read() {
        assert_eq!(date(b" Fri, 25 Apr 2025 09:24:00 +0000"), Some(1_745_573_040));
        assert_eq!(date(b" 25 Apr 25 11:24:00 +0200 (CEST)"), Some(1_745_573_040));
        assert_eq!(date(b" Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_799));
        assert_eq!(date(b" yesterday"), None);
        assert_eq!(date(b""), None);
    }

    #[test]
    fn mailboxes_that_need_no_parser_are_what_mail_parser_makes_of_them() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut plain = 0;
        for _ in 0..40_000 {
            let value = samples::mailbox(&mut rng);
            let Some(PlainMailbox { name, address }) = PlainMailbox::of(value.as_bytes()) else { continue };
            let mut found = Vec::new();
            parsed_mailboxes(value.as_bytes(), |name, address| {
                found.push((name.to_owned(), address.to_owned()));
                true
            });
            assert_eq!(found, [(name.to_owned(), address.to_owned())], "{value:?}");
            plain += 1;
        }
        assert!(plain > 1_000, "{plain}");
    }

    #[test]
    fn mailboxes_of_groups_are_flattened() {
        let mut found = Vec::new();
        mailboxes(b" \"A, B\" <a@x.example>, team: c@y.example, D <d@z.example>;", |name, address| {
            found.push(format!("{name}|{address}"));
            true
        });
        assert_eq!(found, ["A, B|a@x.example", "|c@y.example", "D|d@z.example"]);
    }
}
