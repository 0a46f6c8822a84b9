//! What the library warns about, on stderr.

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

/// Shows warnings as plain lines, without time and colours.
pub(crate) fn to_stderr() {
    tracing_subscriber::fmt()
        .with_writer(|| Indented(io::stderr()))
        .with_max_level(LevelFilter::WARN)
        .with_target(false)
        .with_ansi(false)
        .without_time()
        // Where even that cannot be written, as into a log on a disk that is full, nothing is said: to say so would panic.
        .log_internal_errors(false)
        .init();
}

/// Indents what comes after a line break within a warning, each of which is written at once: a text of others that is
/// quoted in it begins no line of its own.
struct Indented<W>(W);

impl<W: Write> Write for Indented<W> {
    fn write(&mut self, warning: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(warning);
        let (lines, end) = text.strip_suffix('\n').map_or((&*text, ""), |lines| (lines, "\n"));
        self.0.write_all((lines.replace('\n', "\n  ") + end).as_bytes())?;
        Ok(warning.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_warning_quotes_begins_no_line_of_its_own() {
        let mut log = Indented(Vec::new());
        log.write_all(b" WARN it failed: x\nERROR forged\n").unwrap();
        log.write_all(b" WARN again\n").unwrap();
        assert_eq!(String::from_utf8(log.0).unwrap(), " WARN it failed: x\n  ERROR forged\n WARN again\n");
    }
}
