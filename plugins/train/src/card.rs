//! Writes what was measured into a release's model card.

use std::path::Path;

use anyhow::{Context, Result};
use toml_edit::{DocumentMut, Item, Table, value};

/// How many decimals a figure is given.
const DECIMALS: i32 = 4;

/// Replaces `[card.metrics]` of a `switchback.toml` by these figures and leaves the rest of the file, its
/// comments included, as it is.
///
/// # Errors
/// If the file cannot be read, is no TOML, has no `[card]`, or cannot be written; or if a figure is not a
/// finite number.
pub fn write_metrics(manifest: &Path, metrics: &[(String, f64)]) -> Result<()> {
    let text = std::fs::read_to_string(manifest).with_context(|| format!("read {}", manifest.display()))?;
    let text = with_metrics(&text, metrics).with_context(|| format!("update {}", manifest.display()))?;
    std::fs::write(manifest, text).with_context(|| format!("write {}", manifest.display()))
}

fn with_metrics(text: &str, metrics: &[(String, f64)]) -> Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let card = document.get_mut("card").and_then(Item::as_table_mut).context("there is no [card]")?;
    let mut table = Table::new();
    for (name, figure) in metrics {
        anyhow::ensure!(figure.is_finite(), "{name} is {figure}");
        let factor = 10_f64.powi(DECIMALS);
        table.insert(name, value((figure * factor).round() / factor));
    }
    if let Some(old) = card.get("metrics").and_then(Item::as_table) {
        *table.decor_mut() = old.decor().clone();
        table.set_position(old.position());
    }
    card.insert("metrics", Item::Table(table));
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# about\n[release]\nname = \"a\"\n\n[card]\nsplit = \"70/10/20\" # kept\n\n\
                          [card.metrics]\nold = 1.0\n\n[[self_test]]\nmessage = \"m.eml\"\n";

    #[test]
    fn only_the_metrics_change() {
        let after = with_metrics(BEFORE, &[("test_roc_auc".to_owned(), 0.987_654_3)]).unwrap();
        assert_eq!(after, BEFORE.replace("old = 1.0", "test_roc_auc = 0.9877"));
    }

    #[test]
    fn metrics_are_added_where_there_were_none() {
        let after = with_metrics("[card]\nsplit = \"x\"\n", &[("a".to_owned(), 0.5)]).unwrap();
        assert!(after.contains("[card.metrics]\na = 0.5"), "{after}");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert!(with_metrics(BEFORE, &[("a".to_owned(), f64::NAN)]).is_err());
        assert!(with_metrics("[release]\n", &[]).is_err());
    }
}
