//! Comma-separated values: for programs, and for spreadsheets, which take a text for a formula if it begins like one.

use std::fmt::Display;
use std::io::Write;

/// What a spreadsheet takes a cell for a formula by, or skips before it looks for that
/// (<https://owasp.org/www-community/attacks/CSV_Injection>); and the wide forms of those signs.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One value of a row.
#[derive(Debug)]
pub(crate) enum Cell {
    /// A number, a time or a word of ours. Written as it is.
    Own(String),
    /// A text that somebody else may have chosen. Where it could be taken for a formula, an apostrophe comes before it.
    Text(String),
    /// No value.
    Empty,
}

impl Cell {
    pub(crate) fn own(value: impl Display) -> Self {
        Self::Own(value.to_string())
    }

    pub(crate) fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_owned()))
    }

    fn written(self) -> String {
        match self {
            Self::Text(text) if text.starts_with(BEGINNINGS) => format!("'{text}"),
            Self::Text(text) | Self::Own(text) => text,
            Self::Empty => String::new(),
        }
    }
}

/// Writes rows of `N` cells below the names of the columns.
pub(crate) struct Rows<W: Write, const N: usize>(csv::Writer<W>);

impl<W: Write, const N: usize> Rows<W, N> {
    pub(crate) fn under(columns: [&str; N], out: W) -> csv::Result<Self> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(columns)?;
        Ok(Self(writer))
    }

    pub(crate) fn row(&mut self, cells: [Cell; N]) -> csv::Result<()> {
        self.0.write_record(cells.map(Cell::written))
    }

    pub(crate) fn finish(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_text_is_a_formula_and_a_number_stays_one() {
        let mut out = Vec::new();
        let mut rows = Rows::under(["text", "number"], &mut out).unwrap();
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "a=1", "", "'"] {
            rows.row([Cell::text(Some(text)), Cell::own(-0.5)]).unwrap();
        }
        rows.row([Cell::text(None), Cell::Empty]).unwrap();
        rows.finish().unwrap();
        drop(rows);
        let mut reader = csv::Reader::from_reader(out.as_slice());
        let rows: Vec<(String, String)> = reader.deserialize().map(Result::unwrap).collect();
        let texts: Vec<_> = rows.iter().map(|(text, _)| text.as_str()).collect();
        let harmless = ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'\r=1", "'\n=1", "'＝1", "a=1", "", "'", ""];
        assert_eq!(texts, harmless);
        assert!(rows[..11].iter().all(|(_, number)| number == "-0.5") && rows[11].1.is_empty());
    }
}
