//! The table while it happens.

use std::io::{self, Write};
use std::time::Duration;

use switchback::ReleaseId;

use super::mail::{Column, Source};
use super::operator::Told;
use super::tally::{Counts, Share};
use crate::show;

/// Characters of a full bar.
const BAR_CHARS: usize = 20;

/// The table while it happens: plain lines, so that it reads the same in a terminal, a file and a mail.
pub(super) struct Live<'a, W> {
    out: &'a mut W,
    source: &'a Source,
    columns: [Column; 3],
    is_silent: bool,
}

impl<'a, W: Write> Live<'a, W> {
    pub(super) fn new(out: &'a mut W, source: &'a Source, is_silent: bool) -> Self {
        Self { out, source, columns: source.columns(), is_silent }
    }

    pub(super) fn title(&mut self, processes: u16, threads: usize) -> io::Result<()> {
        if self.is_silent {
            return Ok(());
        }
        let score = if processes == 1 { "1 process scores".to_owned() } else { format!("{processes} processes score") };
        let threads = show::counted(threads as u64, "thread");
        writeln!(self.out, "{score} {} without pause, {threads} each, and follow one store\n", self.source.describe())?;
        let [a, b, c] = self.columns.map(|(name, _)| name);
        writeln!(self.out, "{:>30}flagged share of", "")?;
        writeln!(self.out, "{:>8}  {:<7} {:>9}  {a:>10}  {b:>14}  {c}", "time", "live", "messages")
    }

    /// The operator did something.
    pub(super) fn step(&mut self, line: &str, told: &Told, took: Duration) -> io::Result<()> {
        if self.is_silent {
            return Ok(());
        }
        let obeyed: Vec<_> =
            told.obeyed.iter().map(|one| format!("{} after {:.1} ms", one.name, one.after_ms)).collect();
        let obeyed = if obeyed.is_empty() { "no process is there yet".to_owned() } else { obeyed.join(", ") };
        writeln!(self.out, "$ {line}")?;
        writeln!(self.out, "  generation {}: {obeyed}; the command took {}", told.event.generation, show::time(took))?;
        self.out.flush()
    }

    /// The operator asked something.
    pub(super) fn command(&mut self, line: &str, said: &str) -> io::Result<()> {
        self.say(&format!("$ switchback {line}\n{}\n", said.trim_end()))
    }

    /// Says something in between.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        if self.is_silent {
            return Ok(());
        }
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// What the live release did since the row before.
    pub(super) fn row(&mut self, time: Duration, live: &ReleaseId, row: &Counts) -> io::Result<()> {
        if self.is_silent {
            return Ok(());
        }
        let [a, b, c] = self.columns.map(|column| row.share(&column));
        let row = format!(
            "{:>6.1} s  {:<7} {:>9}  {:>10}  {:>14}  {:>7}  {}",
            time.as_secs_f64(),
            live.version.to_string(),
            show::count(row.messages),
            a.text(),
            b.text(),
            c.text(),
            c.bar(),
        );
        writeln!(self.out, "{}", row.trim_end())?;
        self.out.flush()
    }
}

impl Share {
    pub(super) fn text(self) -> String {
        show::share(self.flagged, self.messages)
    }

    fn bar(self) -> String {
        let full = if self.messages == 0 { 0.0 } else { self.flagged as f64 / self.messages as f64 };
        "#".repeat((full * BAR_CHARS as f64).round() as usize)
    }
}
