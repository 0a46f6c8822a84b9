//! The line that begins a message of an mbox: `From sender date`.
//!
//! Programs write it in many ways (RFC 4155 has one, mbox(5) another): Thunderbird `From - Sat Apr 12 15:59:28 2025` or
//! `From ` alone, with the year before the time in between; Gmail's export with a zone before the year; others with names of
//! zones, two digits of a year, a comment behind the sender, or a date as mail has it.

use crate::header::{is_field, is_known_field};

/// What the line begins with, and with it an mbox.
pub(crate) const MAGIC: &[u8] = b"From ";

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Whether a line separates messages, given the line behind it: it has a date, and a header field follows. Text of a
/// message may begin with `From `, and even with a date; not every program quotes it.
pub(crate) fn separates(line: &[u8], next: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(MAGIC) else { return false };
    match rest.trim_ascii() {
        b"" | b"-" => is_known_field(next),
        rest => has_date(rest) && (is_field(next) || next.starts_with(b">From ")),
    }
}

/// Whether a month, a time of day and a year are among the words, or a date in digits and a time.
fn has_date(text: &[u8]) -> bool {
    let words = || text.split(|byte| byte.is_ascii_whitespace() || *byte == b',').filter(|word| !word.is_empty());
    let Some(time) = words().position(is_time) else { return false };
    if words().any(is_date_in_digits) {
        return true;
    }
    let is_year = |(place, word): (usize, &[u8])| match word.len() {
        4 => is_number(word) && (word.starts_with(b"19") || word.starts_with(b"20")),
        2 => is_number(word) && place > time,
        _ => false,
    };
    words().any(is_month) && words().enumerate().any(is_year)
}

/// `9:24`, `09:24:00`, or `2025-04-12T09:24:00Z`.
fn is_time(word: &[u8]) -> bool {
    let word = if word.len() > 11 && is_date_in_digits(word) { &word[11..] } else { word };
    let colon = word.iter().position(|byte| *byte == b':');
    colon.is_some_and(|place| {
        (1..=2).contains(&place) && is_number(&word[..place]) && word.get(place + 1..place + 3).is_some_and(is_number)
    })
}

/// `2025-04-12`, with or without what follows.
fn is_date_in_digits(word: &[u8]) -> bool {
    word.len() >= 10 && is_number(&word[..4]) && word[4] == b'-' && is_number(&word[5..7]) && word[7] == b'-'
}

fn is_month(word: &[u8]) -> bool {
    word.get(..3).is_some_and(|start| MONTHS.contains(&start.to_ascii_lowercase().as_slice()))
        && word.iter().all(u8::is_ascii_alphabetic)
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_many_programs_are_known() {
        for line in [
            "From a@x.example Sat Apr 12 15:59:28 2025\n",
            "From a@x.example  Sat Apr  2 15:59:28 2025\r\n",
            "From - Sat Apr 12 15:59:28 2025\n",
            "From - Sat Apr 12 2025 15:59:28\n",
            "From - \n",
            "From \r\n",
            "From 1829384756102938475@xxx Sat Apr 12 15:59:28 +0000 2025\r\n",
            "From a@x.example Sat Apr 12 15:59:28 2025 +0200\n",
            "From a@x.example Sat Apr 12 15:59:28 GMT 2025\n",
            "From a@x.example Sat Apr 12 15:59:28 CET DST 2025\n",
            "From a@x.example Sat Apr 12 15:59 1996\n",
            "From a@x.example Sat Apr 12 15:59:28 96\n",
            "From a@x.example (A. Sender) Sat Jul 27 03:26:47 1996\n",
            "From \"a b\"@x.example Sat Apr 12 15:59:28 2025\n",
            "From host!user Sat Apr 12 15:59:28 1986 remote from host\n",
            "From a@x.example Sat, 12 Apr 2025 15:59:28 +0000\n",
            "From a@x.example 2025-04-12T15:59:28Z\n",
            "From a@x.example 2025-04-12 15:59:28\n",
            "From ???@??? Sat Apr 12 15:59:28 2025\n",
            "From MAILER-DAEMON Fri Jul  8 12:08:34 2011\n",
        ] {
            assert!(separates(line.as_bytes(), b"Return-Path: <a@x.example>\n"), "{line}");
            assert!(!separates(line.as_bytes(), b"and so on\n"), "{line}");
            assert!(!separates(line.as_bytes(), b"\n"), "{line}");
            assert!(!separates(&line.as_bytes()[1..], b"Subject: x\n"), "{line}");
        }
        let known = |next: &[u8]| separates(b"From \n", next);
        assert!(known(b"Message-ID: <1@x>\n") && !known(b"Note: this\n"));
        assert!(separates(b"From a Sat Apr 12 15:59:28 2025\n", b">From b Sat Apr 12 15:59:28 2025\n"));
    }

    #[test]
    fn sentences_are_none() {
        for line in [
            "From here on\n",
            "From there at 12:30 we drove.\n",
            "From 1996 to 2025 it was 12:30\n",
            "From a@x.example\n",
            "From May to June 2025\n",
            "From 12 May on, at 12:30, we walked.\n",
            "From mar@x.example at 12:30 in 2025\n",
            "From psalm 119:10 of May 2025\n",
            "From -- the beginning\n",
            ">From a@x.example Sat Apr 12 15:59:28 2025\n",
            "From: a@x.example Sat Apr 12 15:59:28 2025\n",
            "From\n",
        ] {
            assert!(!separates(line.as_bytes(), b"Subject: x\n"), "{line}");
        }
    }
}
