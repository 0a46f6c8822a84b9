//! The rows, as Markdown.

use std::fs;
use std::time::Duration;

use switchback_benches::root;

/// Where the rows stand on the page.
const PAGE: &str = "docs/speed.md";
const BEGIN: &str = "<!-- the table begins -->\n";
const END: &str = "<!-- the table ends -->\n";

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
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<String>,
}

impl Table {
    /// Adds a row: how many times the other side's figure the first one's is.
    pub(crate) fn row(&mut self, what: &str, mail: &str, this: &Side, other: &Side) {
        let ratio = this.figure / other.figure;
        let row = format!("| {what} | {mail} | {} | {} | {ratio:.2} |", this.cell(), other.cell());
        println!("{row}");
        self.rows.push(row);
    }

    /// Prints all of it, or puts it on the page.
    pub(crate) fn show(&self, write: bool) {
        let head = "| what | mail | a message | beside | ratio |\n|---|---|---|---|---|";
        let table = format!("{head}\n{}\n", self.rows.join("\n"));
        if !write {
            return println!("\n{table}");
        }
        let path = root().join(PAGE);
        let page = fs::read_to_string(&path).expect("the page can be read");
        let (before, rest) = page.split_once(BEGIN).expect("a place for the table");
        let (_, after) = rest.split_once(END).expect("an end of the table");
        fs::write(path, format!("{before}{BEGIN}{table}{END}{after}")).expect("the page can be written");
    }
}

/// Prints what else the machine does.
pub(crate) fn print_load(when: &str) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load {when}: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
}
