//! Values as people read them.

use std::io::{self, Write};
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use switchback::compare::Rate;
use switchback::release::{MODEL_NAME_BYTES_MAX, VERSION_BYTES_MAX};
use switchback::verdict::{Logged, Reason};

pub use switchback_corpus::text::{count, counted, printable};

/// A text with spaces behind it, up to a column's width. A text that is wider than any column should be is not cut, and
/// no other is made as wide as it; a width that a text gives never goes to the formatter, which panics above 65,535.
pub fn padded(text: &str, width: usize) -> String {
    let missing = width.min(COLUMN_CHARS_MAX).saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// The widest column, in characters: a release's longest name.
const COLUMN_CHARS_MAX: usize = MODEL_NAME_BYTES_MAX + 1 + VERSION_BYTES_MAX;

/// The words of a text on lines of at most `width` characters; a longer word has a line of its own.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.len() - 1;
        if !lines[line].is_empty() && lines[line].chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
            continue;
        }
        if !lines[line].is_empty() {
            lines[line].push(' ');
        }
        lines[line].push_str(word);
    }
    lines
}

/// `12.3 %`, or `-` where there is nothing to take a share of.
pub fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        _ => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
    }
}

/// From so many messages on a share stands for itself: its 95 % interval reaches no further than 3.1 percentage points.
const INTERVAL_BELOW: u64 = 1_000;

/// Below so many messages a table has the 95 % interval in the place of a share.
pub const RANGE_BELOW: u64 = 100;

/// `12.3 % (95 %: 8-18 %)`: a share, and of few messages what it may be of all such mail.
pub fn rate(part: u64, whole: u64) -> String {
    let share = share(part, whole);
    interval(part, whole).map_or_else(|| share.clone(), |interval| format!("{share} (95 %: {interval})"))
}

/// `  42.9 %  95 %: 15-75 %`, for a column at the end of a line.
pub fn share_column(part: u64, whole: u64) -> String {
    let interval = interval(part, whole).map_or_else(String::new, |interval| format!("  95 %: {interval}"));
    format!("{:>7}{interval}", share(part, whole))
}

/// `8-18 %`, the 95 % interval of a share of few messages; none where the share stands for itself.
pub fn interval(part: u64, whole: u64) -> Option<String> {
    (whole < INTERVAL_BELOW).then(|| range(part, whole)).flatten()
}

/// `12.3 %`, or of very few messages `8-18 %`, for a column.
pub fn share_or_range(part: u64, whole: u64) -> String {
    let range = (whole < RANGE_BELOW).then(|| range(part, whole)).flatten();
    range.unwrap_or_else(|| share(part, whole))
}

/// Whole percents, no narrower than the interval is; tenths where it ends below ten.
fn range(part: u64, whole: u64) -> Option<String> {
    let Rate { low, high, .. } = Rate::of(part, whole)?;
    let unit = if high < 0.1 { 10.0 } else { 1.0 };
    let [low, high] = [(low * 100.0 * unit).floor(), (high * 100.0 * unit).ceil()].map(|bound| bound / unit);
    Some(format!("{low}-{high} %"))
}

/// `0.9931`; never rounded up to a score that it is not: four digits, cut.
pub fn score(score: f64) -> String {
    format!("{:.4}", (score * 1e4).floor() / 1e4)
}

/// `8.2 us`, `1.24 ms`, `3.1 s`: three significant digits.
pub fn time(time: Duration) -> String {
    let us = time.as_nanos() as f64 / 1e3;
    let (value, unit) = match us {
        us if us < 999.5 => (us, "us"),
        us if us < 999_500.0 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// `812 B`, `12.3 KiB`, `4.5 MiB`.
pub fn bytes(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1024.0 => format!("{b} B"),
        b if b < 1024.0 * 1023.95 => format!("{:.1} KiB", b / 1024.0),
        b => format!("{:.1} MiB", b / (1024.0 * 1024.0)),
    }
}

/// The reasons of a score, one below the other, what weighs most first.
pub fn reasons(reasons: &[Reason], out: &mut impl Write) -> io::Result<()> {
    let mut reasons: Vec<_> = reasons.iter().collect();
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    for reason in reasons {
        let line = format!("{:>+14.4}  {:<32}  {}", reason.weight, reason.name, printable(&reason.note, 256));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What a model logged, a line for each, and how many lines are not kept.
pub fn log_lines(log: &Logged) -> impl Iterator<Item = String> {
    let dropped = (log.dropped > 0).then(|| format!("... and {}, not kept", counted(log.dropped.into(), "more line")));
    log.lines.iter().map(|line| printable(&line.to_string(), usize::MAX)).chain(dropped)
}

/// A table without lines: the columns' names, then rows.
pub fn table<const N: usize>(columns: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(columns);
    table
}

/// Aligns the columns of numbers to the right: all from the `first` to the one before `end`.
pub fn numbers(table: &mut Table, columns: std::ops::Range<usize>) {
    for index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_no_wider_than_a_name_may_be_whatever_is_in_it() {
        assert_eq!(padded("ünd", 5), "ünd  ");
        assert_eq!(padded("and more", 5), "and more");
        let endless = "x".repeat(200_000);
        assert_eq!(padded(&endless, endless.len()), endless);
        assert_eq!(padded("a", endless.len()).len(), COLUMN_CHARS_MAX);
    }

    #[test]
    fn a_score_below_a_threshold_is_not_shown_as_the_threshold() {
        assert_eq!(score(0.499_999), "0.4999");
        assert_eq!(score(0.5), "0.5000");
        assert_eq!(score(1.0), "1.0000");
    }

    #[test]
    fn long_texts_are_wrapped_between_words() {
        assert_eq!(wrapped("one two\n three  four", 7), ["one two", "three", "four"]);
        assert_eq!(wrapped("a considerable word", 5), ["a", "considerable", "word"]);
        assert_eq!(wrapped(" ", 5), [""]);
    }

    #[test]
    fn a_share_of_few_messages_says_what_it_may_be() {
        for (part, whole, shown) in [
            (1, 3, "33.3 % (95 %: 6-80 %)"),
            (0, 20, "0.0 % (95 %: 0-17 %)"),
            (2, 2, "100.0 % (95 %: 34-100 %)"),
            (0, 500, "0.0 % (95 %: 0-0.8 %)"),
            (9, 999, "0.9 % (95 %: 0.4-1.8 %)"),
            (9, 1_000, "0.9 %"),
            (0, 0, "-"),
        ] {
            assert_eq!(rate(part, whole), shown, "{part} of {whole}");
        }
        for (part, whole, shown) in [(1, 3, "6-80 %"), (50, 99, "40-61 %"), (50, 100, "50.0 %"), (0, 0, "-")] {
            assert_eq!(share_or_range(part, whole), shown, "{part} of {whole}");
        }
    }

    #[test]
    fn numbers_are_short_and_have_their_unit() {
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(0, 0), "-");
        assert_eq!(time(Duration::from_nanos(8_240)), "8.24 us");
        assert_eq!(time(Duration::from_nanos(999_600)), "1.00 ms");
        assert_eq!(time(Duration::from_millis(3_100)), "3.10 s");
        assert_eq!(bytes(4_718_592), "4.5 MiB");
    }
}
