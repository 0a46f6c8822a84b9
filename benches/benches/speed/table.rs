//! The rows, as Markdown.

use std::fs;
use std::time::Duration;

use switchback_benches::root;

/// Where the rows stand on the page.
const PAGE: &str = "docs/speed.md";

/// One side of a row: what it is, and its figure.
pub(crate) struct Side {
    name: String,
    figure: f64,
    unit: &'static str,
}

impl Side {
    /// So long for all messages together.
    pub(crate) fn time(name: impl Into<String>, time: Duration, messages: usize) -> Self {
        Self { name: name.into(), figure: time.as_secs_f64() * 1e6 / messages as f64, unit: "us" }
    }

    /// So many for all messages together.
    pub(crate) fn count(name: impl Into<String>, count: u64, unit: &'static str, messages: usize) -> Self {
        Self { name: name.into(), figure: count as f64 / messages as f64, unit }
    }

    fn cell(&self) -> String {
        let Self { name, figure, unit } = self;
        if *figure < 100.0 { format!("{name}: {figure:.1} {unit}") } else { format!("{name}: {figure:.0} {unit}") }
    }
}

/// The rows so far.
pub(crate) struct Table {
    /// What it is called where it stands on the page.
    name: &'static str,
    lines: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(name: &'static str, columns: &[&str]) -> Self {
        Self { name, lines: vec![format!("| {} |", columns.join(" | ")), format!("|{}", "---|".repeat(columns.len()))] }
    }

    /// Adds a row: how many times the other side's figure the first one's is.
    pub(crate) fn row(&mut self, what: &str, mail: &str, this: &Side, other: &Side) {
        let ratio = format!("{:.2}", this.figure / other.figure);
        self.line([what.to_owned(), mail.to_owned(), this.cell(), other.cell(), ratio]);
    }

    /// Adds a row of these cells.
    pub(crate) fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        let line = format!("| {} |", cells.into_iter().collect::<Vec<_>>().join(" | "));
        println!("{line}");
        self.lines.push(line);
    }

    /// Prints all of it, or puts it on the page.
    pub(crate) fn show(&self, write: bool) {
        let table = self.lines.join("\n") + "\n";
        if !write {
            return println!("\n{table}");
        }
        let [begin, end] = ["begins", "ends"].map(|what| format!("<!-- {} {what} -->\n", self.name));
        let path = root().join(PAGE);
        let page = fs::read_to_string(&path).expect("the page can be read");
        let (before, rest) = page.split_once(&begin).expect("a place for the table");
        let (_, after) = rest.split_once(&end).expect("an end of the table");
        fs::write(path, format!("{before}{begin}{table}{end}{after}")).expect("the page can be written");
    }
}

/// Prints what else the machine does.
pub(crate) fn print_load(when: &str) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load {when}: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
}
