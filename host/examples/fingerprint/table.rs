//! Tables in Markdown.

/// Prints a table under a title.
pub(crate) fn print(title: &str, columns: &[&str], rows: &[Vec<String>]) {
    println!("### {title}\n\n| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
    rows.iter().for_each(|row| println!("| {} |", row.join(" | ")));
    println!();
}

/// How many of how many, in per cent.
pub(crate) fn share(part: usize, whole: usize) -> String {
    format!("{:.2} %", 100.0 * part as f64 / whole.max(1) as f64)
}
