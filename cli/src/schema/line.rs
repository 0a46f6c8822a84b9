//! An object on a line of its own.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Prints an object, on a line of its own.
pub(crate) fn json_line(object: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    object.serialize(&mut Serializer::with_formatter(&mut *out, OneLine))?;
    writeln!(out)
}

/// Compact, with an escape for every character that some reader of lines takes for the end of one: JSON has U+0085, U+2028 and U+2029
/// in its strings as they are, and programs that read lines by Unicode's rules cut an object there.
struct OneLine;

impl Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = 0;
        for (at, end) in fragment.match_indices(['\u{85}', '\u{2028}', '\u{2029}']) {
            out.write_all(&fragment.as_bytes()[rest..at])?;
            end.chars().try_for_each(|end| write!(out, "\\u{:04x}", u32::from(end)))?;
            rest = at + end.len();
        }
        out.write_all(&fragment.as_bytes()[rest..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// birdclaw#61, marin#8042, tau#354: one record became two halves of one, and none was read.
    #[test]
    fn no_text_ends_a_line_for_whoever_reads_it_by_unicode() {
        let text = "a\u{2028}b\u{85}\u{2029}\r\nc\u{b}\u{c}\u{1c}é\u{2027}\"";
        let mut line = Vec::new();
        json_line(&[text], &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line, "[\"a\\u2028b\\u0085\\u2029\\r\\nc\\u000b\\f\\u001cé\u{2027}\\\"\"]\n");
        assert_eq!(serde_json::from_str::<[String; 1]>(&line).unwrap(), [text]);
    }
}
